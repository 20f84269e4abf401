import AMQP
public import Bus
import Foundation
import Logging
import NIOPosix

/// The broker of a test's bus: in memory, or RabbitMQ.
public protocol TestBroker: Sendable {
    /// A new connection; it is up when this returns.
    func newConnection() async throws -> any MessageBus
}

extension InMemoryBroker: TestBroker {
    public func newConnection() async throws -> any MessageBus { connect() }
}

extension RabbitMQ: TestBroker {
    public func newConnection() async throws -> any MessageBus {
        guard let address = AMQPAddress(url) else { throw RabbitMQError.missing }
        let bus = AMQPBus(
            configuration: AMQPConfiguration([address]), eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        bus.watch { _ in }
        try await eventually("the bus is connected") {
            bus.status
        } until: {
            $0 == .connected
        }
        return bus
    }
}

/// The broker of end-to-end tests: RabbitMQ where PERPETUA_TEST_BUS is `amqp`, else the in-memory one. ./test runs them
/// over both.
/// - Throws: where RabbitMQ is asked for but missing.
func brokerOfThisRun() throws -> any TestBroker {
    let name = ProcessInfo.processInfo.environment["PERPETUA_TEST_BUS"] ?? "memory"
    precondition(["memory", "amqp"].contains(name), "PERPETUA_TEST_BUS is \(name); use memory or amqp")
    return name == "amqp" ? try RabbitMQ.ofTheRun() : InMemoryBroker()
}
