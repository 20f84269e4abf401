import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// Keeps a webhook a client for one bot: one session after another, for ever. A session lasts: it ends where the
/// registry refuses it, where the edge stops, or where another edge has the webhook.
struct WebhookWork: Sendable {
    let configuration: WebhookConfiguration
    let seat: TargetSeat
    let door: TargetDoor
    let webhooks: Webhooks
    let eventLoop: any EventLoop

    /// Runs until the task is cancelled; what waits is posted then if the receiver takes it at once, and all has ended
    /// when this returns.
    func run() async {
        var logger = door.logger
        logger[metadataKey: LogKeys.target] = "\(configuration.target.entry)"
        logger[metadataKey: LogKeys.selfID] = "\(seat.selfID)"
        let poster: WebhookPoster
        do {
            poster = try WebhookPoster(webhook: configuration, bot: seat.selfID)
        } catch {
            logger.error("A webhook's address cannot be used.", metadata: [LogKeys.error: "\(error)"])
            return
        }
        var backoff = Backoff(first: .seconds(1), longest: .seconds(30))
        let pause = Alarm(eventLoop: eventLoop)
        while !Task.isCancelled {
            if door.isOpen {
                let since = ContinuousClock.now
                let ending = await session(poster, logger)
                if .now - since >= Self.steadyAfter { backoff.reset() }
                if !Task.isCancelled {
                    logger.info("The session of a webhook ended.", metadata: [LogKeys.reason: "\(ending)"])
                }
            }
            await pause.wait(for: backoff.next())
        }
    }

    /// A session that lived that long was a good one.
    private static let steadyAfter = Duration.seconds(5)
    /// How long what waits here is still posted where another edge has the webhook now: that edge does not have these
    /// events.
    private static let farewell = TimeAmount.seconds(5)

    /// One session, from its beginning to its end.
    private func session(_ poster: WebhookPoster, _ logger: Logger) async -> WebSocketEnding {
        let opened = eventLoop.makePromise(of: Open.self)
        eventLoop.execute {
            let connection = WebhookConnection(
                requests: poster, atSender: configuration.atSender,
                remoteAddress: DialledConnection.shown(configuration.url),
                queue: WebhookQueue(maxBytes: webhooks.maxBytes, budget: webhooks.budget),
                metrics: webhooks.metrics, logger: logger, on: eventLoop)
            let link = TargetLink(connection, seat: seat)
            connection.delegate = link
            opened.succeed(
                Open(connection: NIOLoopBound(connection, eventLoop: eventLoop), ended: link.ended))
            link.begin(
                door.open(connection, configuration.target.upgrade(for: seat.selfID), transport: .webhook, seat: seat))
        }
        return await withTaskCancellationHandler {
            await Self.result(of: opened.futureResult.flatMap { $0.ended })
        } onCancel: {
            opened.futureResult.whenSuccess { $0.end(within: Self.farewell) }
        }
    }

    private struct Open: Sendable {
        let connection: NIOLoopBound<WebhookConnection>
        let ended: EventLoopFuture<WebSocketEnding>

        /// On the connection's loop.
        func end(within limit: TimeAmount) {
            connection.value.close(.goingAway("Another edge has this webhook now."))
            let connection = connection
            let timer = ended.eventLoop.scheduleTask(in: limit) { connection.value.abort() }
            ended.whenComplete { _ in timer.cancel() }
        }
    }

    /// The result of a future that only ever succeeds.
    private static func result(of future: EventLoopFuture<WebSocketEnding>) async -> WebSocketEnding {
        await withCheckedContinuation { continuation in
            future.whenSuccess { continuation.resume(returning: $0) }
        }
    }
}

/// Makes targets of the entries of `webhooks[]`, and holds what all of them share.
final class Webhooks: Sendable {
    let door: TargetDoor
    /// How far one receiver may be behind, and all clients together.
    let maxBytes: Int
    let budget: OutboundBudget
    let metrics = WebhookMetrics()
    private let group: any EventLoopGroup

    init(door: TargetDoor, maxBytes: Int, budget: OutboundBudget, group: any EventLoopGroup) {
        self.door = door
        self.maxBytes = maxBytes
        self.budget = budget
        self.group = group
    }

    func target(_ configuration: WebhookConfiguration) -> Target {
        Target(
            configuration: configuration.target, claim: (kind: "webhook", name: configuration.claimName),
            // While the broker is away nothing new comes, and what waits is still posted.
            patience: nil
        ) { seat in
            await WebhookWork(
                configuration: configuration, seat: seat, door: self.door, webhooks: self, eventLoop: self.group.next()
            ).run()
        }
    }
}
