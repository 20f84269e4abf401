import Bus
import NIOCore

/// Finds out whether the broker gives an exclusive queue to one connection only, even if two declare it in the same
/// moment. All claims rest on that: which edge has a bot, which registry is at work. RabbitMQ does; LavinMQ 2.9.0,
/// which speaks the same protocol, gives such a queue to both.
///
/// It makes some pairs of declarations: both connections of a session declare the same throw-away name at once.
enum ExclusivityProbe {
    /// One pair would nearly always be enough.
    static let pairs = 4

    /// How a declaration ended.
    enum Attempt: Sendable, Hashable {
        case granted
        /// 405: it is the other's.
        case locked
        /// Our user may not declare queues of that name: nothing is learnt.
        case forbidden
    }

    /// Whether any of the queues was given to both.
    static func isShared(_ outcomes: [(Attempt, Attempt)]) -> Bool { outcomes.contains { $0 == (.granted, .granted) } }

    /// Succeeds where the broker does what it should, or does not let us try.
    /// - Parameter prefix: what our names start with.
    static func run(on session: AMQPSession, prefix: String) -> EventLoopFuture<Void> {
        let eventLoop = session.consuming.eventLoop
        let nonce = String(UInt64.random(in: 0 ... .max), radix: 36)
        let queues = (0..<pairs).map {
            QueueDeclaration(QueueName("\(prefix).probe.\(nonce).\($0)"), isExclusive: true)
        }
        return channels(of: session.publishing).and(channels(of: session.consuming)).flatMap { ours, others in
            // All in one turn of the loop, so that both connections send at its end.
            let attempts = queues.indices.map { index in
                attempt(queues[index], on: ours[index]).and(attempt(queues[index], on: others[index]))
            }
            return EventLoopFuture.whenAllSucceed(attempts, on: eventLoop).flatMap { outcomes in
                let ends = queues.indices.flatMap { index in
                    [
                        end(queues[index], on: ours[index], outcomes[index].0),
                        end(queues[index], on: others[index], outcomes[index].1),
                    ]
                }
                return EventLoopFuture.andAllComplete(ends, on: eventLoop).flatMapThrowing {
                    guard isShared(outcomes) else { return }
                    throw AMQPError.unsuitable(
                        address: "\(session.address)", reason: "it gave an exclusive queue to two connections at once")
                }
            }
        }
    }

    private static func channels(of connection: AMQPConnection) -> EventLoopFuture<[AMQPChannel]> {
        EventLoopFuture.whenAllSucceed((0..<pairs).map { _ in connection.openChannel() }, on: connection.eventLoop)
    }

    private static func attempt(_ queue: QueueDeclaration, on channel: AMQPChannel) -> EventLoopFuture<Attempt> {
        channel.call(.queueDeclare(queue)).map { Attempt.granted }.flatMapErrorThrowing { error in
            switch error {
            case AMQPError.channelClosed(code: 405, _): .locked
            case AMQPError.channelClosed(code: 403, _): .forbidden
            default: throw error
            }
        }
    }

    /// A refusal has closed the channel already.
    private static func end(
        _ queue: QueueDeclaration, on channel: AMQPChannel, _ outcome: Attempt
    ) -> EventLoopFuture<Void> {
        guard outcome == .granted else { return channel.close() }
        return channel.call(.queueDelete(queue.name)).flatMap { channel.close() }
    }
}
