public import Bus
public import Contracts
import Foundation
import NIOCore
import NIOPosix
public import Observability
public import OneBot
import Synchronization

/// A program of somebody else's on the broker: it sends frames with the properties a test gives them, and waits for
/// answers in a queue of its own.
public final class BrokerProgram: Sendable {
    public let bus: any MessageBus
    public let replies: QueueName
    private let exchanges: Exchanges
    private let answers = Mutex<[String: Message]>([:])
    /// Answers that were followed by others, by correlation id, in order.
    private let parts = Mutex<[String: [Message]]>([:])

    public init(at broker: some TestBroker, exchanges: Exchanges = Exchanges()) async throws {
        bus = try await broker.newConnection()
        self.exchanges = exchanges
        replies = QueueName("program.replies.\(UUID().uuidString)")
        try await bus.declare(exchanges.actions)
        try await bus.declare(QueueDeclaration(replies, isExclusive: true))
        _ = try await bus.consume(
            replies, prefetch: 100, on: MultiThreadedEventLoopGroup.singleton.next(), cancelled: {}
        ) { [self] delivery in
            let id = delivery.properties.correlationID ?? ""
            if delivery.properties.part == .more {
                parts.withLock { $0[id, default: []].append(delivery.message) }
            } else {
                answers.withLock { $0[id] = delivery.message }
            }
            delivery.acknowledge()
        }
    }

    /// Publishes a frame with nothing but `reply_to`, `correlation_id` and that header, and waits for the answer.
    public func call(_ frame: String, key: RoutingKey, clientToken: String? = nil) async throws -> JSONObject {
        try JSONObject(try await message(answering: frame, key: key, clientToken: clientToken).body)
    }

    /// The same, with a `traceparent` where one is given; the answer as it came.
    public func message(
        answering frame: String, key: RoutingKey, clientToken: String? = nil, trace: TraceParent? = nil
    ) async throws -> Message {
        let id = UUID().uuidString
        let outcome = await send(frame, key: key, clientToken: clientToken, correlationID: id, trace: trace)
        guard outcome == .confirmed else { throw MessageBusError.unroutable(key) }
        let answer = try await eventually("an answer came to \(frame)") {
            self.answers.withLock { $0[id] }
        } until: {
            $0 != nil
        }
        guard let answer else { throw MessageBusError.timedOut(key) }
        return answer
    }

    /// The same, for a bot that answers in parts: all of them, the last one last.
    public func callForParts(_ frame: String, key: RoutingKey) async throws -> [Message] {
        let id = UUID().uuidString
        guard await send(frame, key: key, correlationID: id) == .confirmed else {
            throw MessageBusError.unroutable(key)
        }
        let last = try await eventually("the last answer came to \(frame)") {
            self.answers.withLock { $0[id] }
        } until: {
            $0 != nil
        }
        return parts.withLock { $0[id] ?? [] } + [last].compactMap { $0 }
    }

    /// Publishes a frame, and does not wait.
    public func send(
        _ frame: String, key: RoutingKey, clientToken: String? = nil, correlationID: String? = nil,
        trace: TraceParent? = nil
    ) async -> PublishOutcome {
        var properties = MessageProperties()
        properties.correlationID = correlationID
        properties.replyTo = correlationID == nil ? nil : replies
        properties.headers["client_token"] = clientToken
        properties.headers[TraceParent.header] = trace?.text
        return await bus.publish(
            Message(ByteBuffer(string: frame), properties), to: exchanges.actions, key: key, mandatory: true)
    }
}
