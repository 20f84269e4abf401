import AMQP
import Testing

@Suite("AMQPError")
struct AMQPErrorTests {
    @Test("placeholder of the skeleton") func skeleton() { #expect(AMQPError.disconnected("a") != .disconnected("b")) }
}
