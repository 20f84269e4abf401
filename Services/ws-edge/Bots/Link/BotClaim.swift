import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import Synchronization

/// Holds an exclusive queue of the bot while its link is up: the lock that makes us the only one who publishes its events, or the only
/// one who takes its actions, and then also the address they come to: without it an action is unroutable, and its asker knows at once.
///
/// The queue goes with our connection to the broker; then it is claimed again. Before claiming, whoever holds it is asked to give it up: of two
/// links of one bot the newest wins, the one of the higher epoch.
///
/// One task per bot carries the wishes out one after another, so that a link that drops and returns cannot overtake itself.
final class BotClaim: Sendable {
    /// What the link is told, on its event loop.
    struct Handlers: Sendable {
        /// The queue is ours, and the bus takes messages. Each time it is wished for, and each time it is regained.
        var granted: @Sendable () -> Void
        /// The queue went away under us.
        var lost: @Sendable () -> Void
        /// Another edge has it and keeps it: why, in a sentence.
        var refused: @Sendable (_ reason: String) -> Void
        /// Whether another edge's link may have it: then it is to be wished for no more.
        var released: @Sendable (BotRelease) -> Bool
        /// An action.
        var deliver: @Sendable (Delivery) -> Void
    }

    private struct State {
        /// Of the link it is wished for; `nil`: not wished for.
        var epoch: UInt64?
        /// It has been ours since it was wished for: whoever keeps silent now may be our own lost connection.
        var wasGranted = false
        /// The queue went away under us.
        var isLost = false
        /// A publish failed: ``Handlers/granted`` is to be called again once the bus works.
        var mustSayAgain = false
        var delivered: UInt64 = 0
    }

    private let bot: SelfID
    private let part: BotLinkState.Part
    private let address: EdgeAddress
    private let exchanges: Exchanges
    private let bus: any MessageBus
    private let requester: Requester
    private let eventLoop: any EventLoop
    private let timing: BotTiming
    private let logger: Logger
    private let state = Mutex(State())
    /// Only the latest wish matters.
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation

    /// More than a link takes before it refuses: so that it refuses, instead of letting actions wait unseen in the queue.
    private static let prefetch = 8192

    init(
        bot: SelfID, part: BotLinkState.Part, address: EdgeAddress, exchanges: Exchanges, bus: any MessageBus,
        requester: Requester,
        eventLoop: any EventLoop, timing: BotTiming, logger: Logger
    ) {
        self.bot = bot
        self.part = part
        self.address = address
        self.exchanges = exchanges
        self.bus = bus
        self.requester = requester
        self.eventLoop = eventLoop
        self.timing = timing
        self.logger = logger
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// - Parameter epoch: of the link it is wished for; `nil`: no more.
    func want(_ epoch: UInt64?) {
        let isNews = state.withLock { state in
            defer { state.epoch = epoch }
            guard (state.epoch == nil) != (epoch == nil) else { return false }
            state.wasGranted = false
            return true
        }
        if isNews { wish.yield() }
    }

    /// A publish failed: ``Handlers/granted`` is called again once the bus works and the queue is ours.
    func sayAgain() {
        state.withLock { $0.mustSayAgain = true }
        wish.yield()
    }

    /// Claims and releases as wished, until cancelled; then releases.
    func run(_ handlers: Handlers) async {
        var consumer: (any BusConsumer)?
        for await _ in wishes {
            if state.withLock({ $0.isLost }), let lost = consumer {
                await lost.cancel()
                consumer = nil
            }
            guard isWanted else {
                if let held = consumer { await release(held) }
                consumer = nil
                continue
            }
            if consumer == nil { consumer = await take(handlers) }
            if state.withLock({ $0.mustSayAgain }) { await untilTheBusWorks() }
            let isOurs = state.withLock { state in
                state.mustSayAgain = false
                state.wasGranted = consumer != nil
                return consumer != nil && !state.isLost && state.epoch != nil
            }
            if isOurs { eventLoop.execute(handlers.granted) }
        }
        if let consumer { await release(consumer) }
    }

    // MARK: Claiming

    /// Tries until the queue is ours, refused to us, or no longer wanted.
    private func take(_ handlers: Handlers) async -> (any BusConsumer)? {
        var isFirstFailure = true
        var silence = Duration.zero
        // A holder that gives the queue up may take a question away with it: that one is not waited for, but asked again.
        var maybeLeaving = true
        var hasReleased = false
        while let epoch = state.withLock({ $0.epoch }), !Task.isCancelled {
            var pause = timing.busAgainAfter
            let patience = maybeLeaving ? timing.busAgainAfter : timing.askHolderFor
            switch await holder(askedBy: epoch, for: patience) {
            case .silent where maybeLeaving:
                silence += patience
                maybeLeaving = hasReleased && silence < timing.askHolderFor
                continue
            case .nobody, .silent:
                // One that is silent may be our own, left over from a connection that was lost.
                do throws(MessageBusError) {
                    return try await declare(handlers)
                } catch .locked {
                    silence += patience
                    if silence >= timing.holderPatience, !state.withLock({ $0.wasGranted }) {
                        eventLoop.execute { handlers.refused("the edge that has the bot does not answer") }
                        return nil
                    }
                } catch {
                    logger.log(
                        level: isFirstFailure ? .warning : .debug, "The bot's queue cannot be claimed; trying again.",
                        metadata: [LogKeys.error: "\(error)"])
                    isFirstFailure = false
                    pause = timing.claimAgainAfter
                }
            case .releases:
                hasReleased = true
                maybeLeaving = true
            case .keeps(let reason):
                eventLoop.execute { handlers.refused(reason) }
                return nil
            case .unreachable(let reason):
                logger.debug("The bot's queue cannot be claimed now.", metadata: [LogKeys.reason: "\(reason)"])
            }
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: pause)
        }
        return nil
    }

    private enum Holder {
        case nobody
        case releases
        case keeps(String)
        case silent
        case unreachable(String)
    }

    /// Asks whoever holds the queue to give it up. Declaring it blindly would tell less, and cost a channel on a broker.
    private func holder(askedBy epoch: UInt64, for patience: Duration) async -> Holder {
        let properties = MessageProperties(BotRelease.type, from: .edge)
        do {
            let question = try RPC.encodeQuestion(
                method: BotRelease.type, params: BotRelease(epoch: epoch, edge: address))
            let answer = try await requester.request(
                Message(question, properties), to: .toQueue, key: RoutingKey(queue.text), timeout: patience)
            _ = try RPC.decodeResult(RPC.Empty.self, from: answer.body)
            return .releases
        } catch let failure as RPC.Failure {
            return .keeps(failure.message)
        } catch MessageBusError.unroutable {
            return .nobody
        } catch MessageBusError.timedOut {
            return .silent
        } catch {
            return .unreachable("\(error)")
        }
    }

    private func declare(_ handlers: Handlers) async throws(MessageBusError) -> any BusConsumer {
        state.withLock { $0.isLost = false }
        try await bus.declare(QueueDeclaration(queue, isExclusive: true))
        if part == .actions {
            try await bus.bind(queue, to: exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text))
        }
        return try await bus.consume(
            queue, prefetch: Self.prefetch, on: eventLoop,
            cancelled: {
                self.state.withLock { $0.isLost = true }
                handlers.lost()
                self.wish.yield()
            },
            handler: { delivery in
                self.state.withLock { $0.delivered &+= 1 }
                if delivery.exchange.isEmpty, delivery.properties.type == BotRelease.type {
                    self.answer(delivery, handlers)
                } else {
                    handlers.deliver(delivery)
                }
            })
    }

    /// Another edge wants the bot.
    private func answer(_ delivery: Delivery, _ handlers: Handlers) {
        defer { delivery.acknowledge() }
        guard let replyTo = delivery.properties.replyTo,
            let wish = try? RPC.decodeParams(BotRelease.self, from: delivery.body),  // nonsense gets no answer
            let answer = try? handlers.released(wish)
                ? RPC.encodeResult(RPC.Empty())
                : RPC.encodeFailure(
                    RPC.Failure(.conflict, "edge \(address.edgeID) holds bot \(bot) by a newer connection"))
        else { return }
        var properties = MessageProperties("answer", from: .edge, trace: delivery.properties.trace)
        properties.correlationID = delivery.properties.correlationID
        properties.expiration = timing.askHolderFor
        bus.publish(
            Message(answer, properties), to: .toQueue, key: RoutingKey(replyTo.text), mandatory: false, then: nil)
    }

    private var queue: QueueName {
        switch part {
        case .actions: exchanges.botQueue(bot)
        case .events: exchanges.botEventsQueue(bot)
        }
    }

    private var isWanted: Bool { state.withLock { $0.epoch != nil } }

    /// Waits a little in any case, so that a bus that says it works and takes nothing is not asked in a circle.
    private func untilTheBusWorks() async {
        repeat {
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: timing.busAgainAfter)
        } while bus.status.obstacle != nil && isWanted && !Task.isCancelled && !state.withLock { $0.isLost }
    }

    // MARK: Releasing

    /// Gives the queue up: first the binding, so that later actions are unroutable; what is in it already is delivered (and
    /// answered by the link); then the queue itself.
    private func release(_ consumer: any BusConsumer) async {
        do {
            if part == .actions {
                try await bus.unbind(queue, from: exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text))
            }
            try await untilDrained()
            await consumer.cancel()
            try await bus.delete(queue)
        } catch {
            await consumer.cancel()
            logger.debug("The bot's queue could not be given up.", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Waits for a turn of the event loop that brings no delivery.
    private func untilDrained() async throws {
        var before: UInt64
        repeat {
            before = state.withLock { $0.delivered }
            try await eventLoop.submit {}.get()
        } while state.withLock({ $0.delivered }) != before
    }
}
