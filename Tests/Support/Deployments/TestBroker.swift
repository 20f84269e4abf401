import AMQP
public import Bus
import Foundation
import Logging
import NIOPosix

/// Where the bus of a test is: in memory, or RabbitMQ.
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

/// The broker of tests of the whole: RabbitMQ where PERPETUA_TEST_BUS is `amqp`, else memory. ./test runs them over both.
/// - Throws: where RabbitMQ is asked for and not there.
func brokerOfThisRun() throws -> any TestBroker {
    let name = ProcessInfo.processInfo.environment["PERPETUA_TEST_BUS"] ?? "memory"
    precondition(["memory", "amqp"].contains(name), "PERPETUA_TEST_BUS is \(name); use memory or amqp")
    return name == "amqp" ? try RabbitMQ.ofTheRun() : InMemoryBroker()
}
