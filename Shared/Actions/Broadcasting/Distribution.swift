import Bus
import Contracts
import NIOCore
import OneBot

/// Carries a broadcast or callback to where its targets live: one message per edge, and one per program on AMQP.
struct Distribution: Sendable {
    enum Kind: String, Sendable { case broadcast, callback }

    let kind: Kind
    let uuid: String
    let sender: Client
    let data: ByteBuffer

    /// Publishes to every inbox of the targets at once, and waits for every outcome. The outcomes are by
    /// ``OnlineClient/inboxKey``.
    func publish(to targets: [OnlineClient], using dispatcher: ActionDispatcher) async -> [RoutingKey: PublishOutcome] {
        // A bus may keep messages while its broker takes none, but the caller must have an answer now.
        if let obstacle = dispatcher.bus.status.obstacle {
            return targets.reduce(into: [:]) { $0[$1.inboxKey] = .unreachable(obstacle) }
        }
        return await withTaskGroup(of: (RoutingKey, PublishOutcome).self) { group in
            for (key, clients) in Dictionary(grouping: targets, by: \.inboxKey) {
                group.addTask {
                    (key, await publish(to: clients.map(\.appID), key: key, using: dispatcher))
                }
            }
            return await group.reduce(into: [:]) { outcomes, outcome in outcomes[outcome.0] = outcome.1 }
        }
    }

    private func publish(
        to appIDs: [String], key: RoutingKey, using dispatcher: ActionDispatcher
    ) async -> PublishOutcome {
        // The receiving edge drops a repeated `message_id`.
        var properties = MessageProperties(kind.rawValue, from: dispatcher.service)
        properties.isPersistent = true
        let body = DistributedMessage(uuid: uuid, sender: sender, targets: appIDs, data: data).encoded
        let exchange =
            switch kind {
            case .broadcast: dispatcher.exchanges.broadcast
            case .callback: dispatcher.exchanges.callback
            }
        // Not `await bus.publish`: that wait cannot be given up, and a full inbox may take long to make room.
        let (outcomes, continuation) = AsyncStream<PublishOutcome>.makeStream(bufferingPolicy: .bufferingOldest(1))
        dispatcher.bus.publish(Message(body, properties), to: exchange, key: key, mandatory: true) {
            continuation.yield($0)
            continuation.finish()
        }
        return await Self.first(of: outcomes, within: dispatcher.publishDeadline, on: dispatcher.bus) ?? .unknown
    }

    /// The first outcome; `nil` where none comes in time.
    private static func first(
        of outcomes: AsyncStream<PublishOutcome>, within limit: Duration, on bus: any MessageBus
    ) async -> PublishOutcome? {
        await withTaskGroup(of: PublishOutcome?.self) { group in
            group.addTask { await outcomes.first { _ in true } }
            group.addTask {
                try? await Task.sleep(for: limit)  // Cancelled where the outcome came first.
                return nil
            }
            group.addTask {
                // A broker that has just stopped taking messages may leave this one unconfirmed for a long time.
                repeat {
                    try? await Task.sleep(for: .milliseconds(500))  // Cancelled where the outcome came first.
                } while !Task.isCancelled && bus.status.obstacle == nil
                try? await Task.sleep(for: .seconds(1))  // Cancelled likewise.
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// The `data` of a broadcast or callback: a JSON string that passes as its sender wrote it.
struct DistributedData {
    /// 1 MiB, counted in the string's own UTF-8, escapes resolved.
    static let maxBytes = 1 << 20
    let json: ByteBuffer

    init(_ params: Parameters) throws(RPC.Failure) {
        let length = try params.text("data", send: "a string of at most 1 MiB").utf8.count
        guard length <= Self.maxBytes, let value = params["data"] else {
            throw params.failure(.tooLarge, "`data` has \(length) bytes. Send at most \(Self.maxBytes) at once.")
        }
        json = value.bytes
    }
}
