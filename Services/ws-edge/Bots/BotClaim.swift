import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import Synchronization

/// Holds the bot's exclusive queue while its link is up: the lock that makes us the bot's only holder, and the address its
/// actions come to. Without it an action is unroutable, and its asker knows at once.
///
/// One task per bot carries the wishes out one after another, so that a link that drops and returns cannot overtake itself.
final class BotClaim: Sendable {
    private let bot: SelfID
    private let exchanges: Exchanges
    private let bus: any MessageBus
    private let eventLoop: any EventLoop
    private let retryAfter: Duration
    private let logger: Logger
    private let isWanted = Mutex(false)
    /// The queue went away under us.
    private let isLost = Mutex(false)
    private let delivered = Mutex<UInt64>(0)
    /// Only the latest wish matters.
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation

    /// More than a link takes before it refuses: so that it refuses, instead of letting actions wait unseen in the queue.
    private static let prefetch = 8192

    init(
        bot: SelfID, exchanges: Exchanges, bus: any MessageBus, eventLoop: any EventLoop, retryAfter: Duration,
        logger: Logger
    ) {
        self.bot = bot
        self.exchanges = exchanges
        self.bus = bus
        self.eventLoop = eventLoop
        self.retryAfter = retryAfter
        self.logger = logger
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func want(_ isWanted: Bool) {
        self.isWanted.withLock { $0 = isWanted }
        wish.yield()
    }

    /// Claims and releases as wished, until cancelled; then releases.
    /// - Parameters:
    ///   - granted: called on the event loop each time the queue is ours for a link that came up.
    ///   - deliver: an action; on the event loop.
    func run(granted: @escaping @Sendable () -> Void, deliver: @escaping @Sendable (Delivery) -> Void) async {
        var consumer: (any BusConsumer)?
        for await _ in wishes {
            if isWanted.withLock({ $0 }) {
                if isLost.withLock({ $0 }), let lost = consumer {
                    await lost.cancel()
                    consumer = nil
                }
                if consumer == nil { consumer = await take(deliver) }
                if consumer != nil { eventLoop.execute(granted) }
            } else if let held = consumer {
                await release(held)
                consumer = nil
            }
        }
        if let consumer { await release(consumer) }
    }

    /// Tries until the queue is ours, or no longer wanted.
    private func take(_ deliver: @escaping @Sendable (Delivery) -> Void) async -> (any BusConsumer)? {
        var isFirstFailure = true
        while isWanted.withLock({ $0 }), !Task.isCancelled {
            do {
                let queue = exchanges.botQueue(bot)
                isLost.withLock { $0 = false }
                try await bus.declare(QueueDeclaration(queue, isExclusive: true))
                try await bus.bind(queue, to: exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text))
                return try await bus.consume(
                    queue, prefetch: Self.prefetch, on: eventLoop,
                    cancelled: {
                        self.isLost.withLock { $0 = true }
                        self.wish.yield()
                    },
                    handler: { delivery in
                        self.delivered.withLock { $0 &+= 1 }
                        deliver(delivery)
                    })
            } catch {
                logger.log(
                    level: isFirstFailure ? .warning : .debug, "The bot's queue cannot be claimed; trying again.",
                    metadata: [LogKeys.error: "\(error)"])
                isFirstFailure = false
                // `try?`: cancellation ends the loop.
                try? await Task.sleep(for: retryAfter)
            }
        }
        return nil
    }

    /// Gives the queue up: first the binding, so that later actions are unroutable; what is in it already is delivered (and
    /// answered by the link); then the queue itself.
    private func release(_ consumer: any BusConsumer) async {
        let queue = exchanges.botQueue(bot)
        do {
            try await bus.unbind(queue, from: exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text))
            try await untilDrained()
            await consumer.cancel()
            try await bus.delete(queue)
        } catch {
            logger.debug("The bot's queue could not be given up.", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Waits for a turn of the event loop that brings no delivery.
    private func untilDrained() async throws {
        var before: UInt64
        repeat {
            before = delivered.withLock { $0 }
            try await eventLoop.submit {}.get()
        } while delivered.withLock({ $0 }) != before
    }
}
