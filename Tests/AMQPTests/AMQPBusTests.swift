import AMQP
import Bus
import TestSupport
import Testing

/// Against the RabbitMQ node that ./test starts; without one they fail.
@Suite("AMQPBus", .timeLimit(.minutes(3)))
struct AMQPBusTests {
    @Test("keeps the contract of every bus", arguments: MessageBusContract.cases)
    func contract(_ promise: MessageBusContract.Case) async throws {
        let url = try RabbitMQ.ofTheRun().url
        let contract = MessageBusContract(
            maxMessageBytes: 1 << 20, overflow: .dropsOldest,
            connect: { try await AMQPStage.connected(to: url) { $0.maxMessageBytes = 1 << 20 } },
            letTimePass: { try await Task.sleep(for: $0) })
        try await promise.run(on: contract)
    }
}
