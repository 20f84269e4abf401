import AMQP
import Bus
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// Against the RabbitMQ node that ./test starts; without one they fail.
@Suite("AMQPBus", .timeLimit(.minutes(3)))
struct AMQPBusTests {
    static func configuration() throws -> AMQPConfiguration {
        let url = try #require(
            ProcessInfo.processInfo.environment["PERPETUA_TEST_AMQP_URL"],
            "There is no broker: run ./test, or scripts/rabbitmq.sh start DIR, and set PERPETUA_TEST_AMQP_URL.")
        var configuration = AMQPConfiguration([try #require(AMQPAddress(url))])
        configuration.maxMessageBytes = 1 << 20
        return configuration
    }

    static func bus(_ configuration: AMQPConfiguration) -> AMQPBus {
        AMQPBus(
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func connected(_ configuration: AMQPConfiguration) async throws -> AMQPBus {
        let bus = bus(configuration)
        bus.watch { _ in }
        try await eventually("the bus is connected") {
            bus.status
        } until: {
            $0 == .connected
        }
        return bus
    }

    @Test("keeps the contract of every bus", arguments: MessageBusContract.cases)
    func contract(_ promise: MessageBusContract.Case) async throws {
        let configuration = try Self.configuration()
        let contract = MessageBusContract(
            maxMessageBytes: 1 << 20, overflow: .dropsOldest, connect: { try await Self.connected(configuration) },
            letTimePass: { try await Task.sleep(for: $0) })
        try await promise.run(on: contract)
    }
}
