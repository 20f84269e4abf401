import AMQP
import Bus
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// Buses of tests against a real broker.
enum AMQPStage {
    /// A bus that connects, and reconnects, by itself.
    static func bus(at urls: String..., change: (inout AMQPConfiguration) -> Void = { _ in }) throws -> AMQPBus {
        var configuration = AMQPConfiguration(try urls.map { try #require(AMQPAddress($0)) })
        change(&configuration)
        let bus = AMQPBus(
            configuration: configuration, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        bus.watch { _ in }
        return bus
    }

    /// A bus that is connected.
    static func connected(
        to url: String, change: (inout AMQPConfiguration) -> Void = { _ in }
    ) async throws -> AMQPBus {
        let bus = try bus(at: url, change: change)
        try await bus.isConnected()
        return bus
    }

    static func anyEventLoop() -> any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }

    /// Waits until that much time has passed.
    static func passes(_ duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        try await eventually(within: duration * 4, "\(duration) pass") { ContinuousClock.now >= end }
    }
}

extension AMQPBus {
    func isConnected() async throws {
        try await eventually(
            within: .seconds(60), "the bus is connected", read: { status }, until: { $0 == .connected })
    }

    /// - Returns: why it is not connected.
    @discardableResult
    func isDisconnected(_ text: String = "", within limit: Duration = .seconds(30)) async throws -> String {
        let last = try await eventually(
            within: limit, "the bus is disconnected: \(text)", read: { self.status },
            until: { (status: BusStatus) in
                guard case .disconnected(let reason) = status else { return false }
                return reason.contains(text)
            })
        return last.obstacle ?? ""
    }

    func publish(
        _ text: String, to exchange: Exchange = .toQueue, _ key: RoutingKey, mandatory: Bool = true,
        isPersistent: Bool = true, then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        publish(Self.message(text, isPersistent), to: exchange, key: key, mandatory: mandatory, then: then)
    }

    func publish(
        _ text: String, to exchange: Exchange = .toQueue, _ key: RoutingKey, mandatory: Bool = true,
        isPersistent: Bool = true
    ) async -> PublishOutcome {
        await publish(Self.message(text, isPersistent), to: exchange, key: key, mandatory: mandatory)
    }

    private static func message(_ text: String, _ isPersistent: Bool) -> Message {
        var message = Message(ByteBuffer(string: text))
        message.properties.isPersistent = isPersistent
        return message
    }
}

extension PublishOutcome {
    var isUnreachable: Bool { if case .unreachable = self { true } else { false } }
    /// The reason, where it was rejected.
    var rejection: String? { if case .rejected(let reason) = self { reason } else { nil } }
}

/// Each status a bus has had.
final class StatusRecorder: Sendable {
    private let seen = Mutex<[BusStatus]>([])

    init(of bus: AMQPBus) { bus.watch { [weak self] status in self?.seen.withLock { $0.append(status) } } }

    var statuses: [BusStatus] { seen.withLock { $0 } }
    var connects: Int { statuses.count { $0 == .connected } }
    /// How often the connection was lost: reasons in a row count once.
    var losses: Int {
        zip(statuses, statuses.dropFirst()).count { before, after in
            guard case .disconnected = after else { return false }
            return before == .connected
        }
    }
}
