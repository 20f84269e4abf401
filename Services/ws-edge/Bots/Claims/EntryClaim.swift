import Bus
import Contracts
import Foundation
import Logging
import NIOCore
import Observability
import Synchronization

/// One entry of `bots[]` is dialled, and its program run, by one edge at a time: by the one that holds the entry's exclusive queue. So it is with
/// targets.
///
/// The queue goes with the holder's connection to the broker. The holder works on meanwhile and claims it again first; only where another edge took it
/// does it stop its work, and contend like anyone else; work that must never be done twice at once it stops before that (docs/decisions/0007).
final class EntryClaim: Sendable {
    private let queue: QueueName
    private let address: EdgeAddress
    private let bus: any MessageBus
    private let requester: Requester
    private let eventLoop: any EventLoop
    private let timing: BotTiming
    private let patience: Duration?
    private let logger: Logger
    /// Rung when the queue went away under us.
    private let loss: Alarm
    private let isLost = Mutex(false)
    /// When the claim was lost, while it is not ours again; rings ``outage``.
    private let lostAt = Mutex<ContinuousClock.Instant?>(nil)
    private let outage: Alarm
    /// There while the claim is ours.
    private let consumer = Mutex<(any BusConsumer)?>(nil)

    /// What a holder is asked, and answers with its ``EdgeAddress``.
    private static let question = "who"

    /// - Parameter patience: how long the work goes on after the claim was lost and could not be had again; `nil`: until another edge has it.
    init(
        queue: QueueName, address: EdgeAddress, bus: any MessageBus, requester: Requester, eventLoop: any EventLoop,
        timing: BotTiming, patience: Duration? = nil, logger: Logger
    ) {
        self.queue = queue
        self.address = address
        self.bus = bus
        self.requester = requester
        self.eventLoop = eventLoop
        self.timing = timing
        self.patience = patience
        self.logger = logger
        loss = Alarm(eventLoop: eventLoop)
        outage = Alarm(eventLoop: eventLoop)
    }

    /// Runs `work` whenever the claim is ours, and cancels it when another edge has it; until cancelled. The claim is given up only
    /// when the work has ended.
    func run(_ work: @escaping @Sendable () async -> Void) async {
        while await contend() {
            lostAt.withLock { $0 = nil }
            await withTaskGroup { group in
                group.addTask { await work() }
                group.addTask { await self.keep() }
                if let patience { group.addTask { await self.lose(patience) } }
                await group.next()
                group.cancelAll()
            }
            await giveUp()
        }
    }

    // MARK: Getting it

    /// Until it is ours; false where cancelled before.
    private func contend() async -> Bool {
        var contention = ClaimContention(grace: timing.claimGrace)
        var log = ContentionLog(logger: logger)
        while !Task.isCancelled {
            var pause = timing.claimLookEvery
            switch await look() {
            case .free:
                switch contention.looked(isFree: true, at: .now()) {
                case .take:
                    if await declare() { return true }
                    contention.couldNotLook()
                case .waitUntil(let end): pause = min(pause, Duration(end - .now()))
                case .lookAgain: break
                }
            case .held:
                log.held()
                _ = contention.looked(isFree: false, at: .now())
            case .unknown(let reason):
                contention.couldNotLook()
                logger.debug("A claim cannot be looked at now.", metadata: [LogKeys.reason: "\(reason)"])
                pause = timing.busAgainAfter
            }
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: pause)
        }
        return false
    }

    /// False where it cannot be had now.
    private func declare() async -> Bool {
        isLost.withLock { $0 = false }
        do throws(MessageBusError) {
            try await bus.declare(QueueDeclaration(queue, isExclusive: true))
            let taken = try await bus.consume(
                queue, prefetch: 64, on: eventLoop,
                cancelled: {
                    self.isLost.withLock { $0 = true }
                    self.loss.ring()
                }, handler: { self.answer($0) })
            consumer.withLock { $0 = taken }
            return true
        } catch .locked {
            return false
        } catch {
            logger.debug("A claim cannot be taken now.", metadata: [LogKeys.error: "\(error)"])
            // Ours without a consumer it would look like another's. It may not be there.
            try? await bus.delete(queue)
            return false
        }
    }

    private enum Look { case free, held, unknown(String) }

    /// Looks without provoking an error: a message to the queue tells whether there is one.
    private func look() async -> Look {
        var properties = MessageProperties("probe", from: .edge)
        properties.expiration = timing.claimLookEvery
        let outcome = await bus.publish(
            Message(ByteBuffer(), properties), to: .toQueue, key: RoutingKey(queue.text), mandatory: true)
        switch outcome {
        case .unroutable: return .free
        case .confirmed: return .held
        case .rejected(let reason), .unreachable(let reason): return .unknown(reason)
        case .notStored: return .unknown("the broker could not store the question")
        case .unknown: return .unknown("the connection was lost")
        }
    }

    // MARK: Keeping it

    /// Until another edge has it, or we are cancelled.
    private func keep() async {
        while !Task.isCancelled {
            await loss.wait(for: .seconds(3600))
            guard isLost.withLock({ $0 }) else { continue }
            lostAt.withLock { $0 = .now }
            outage.ring()
            await stopConsuming()
            logger.notice("An entry's claim is lost; claiming it again.")
            guard await regain() else {
                if !Task.isCancelled { logger.warning("An entry's claim was not to be had again; this edge waits.") }
                return
            }
            lostAt.withLock { $0 = nil }
        }
    }

    /// Until the claim has been lost for the whole of `patience`, or we are cancelled. It has a clock of its own, since whoever claims again may be
    /// waiting for the broker.
    private func lose(_ patience: Duration) async {
        while !Task.isCancelled {
            await outage.wait(for: .seconds(3600))
            while !Task.isCancelled, let end = lostAt.withLock({ $0 })?.advanced(by: patience) {
                if end <= .now {
                    return logger.warning("An entry's claim was not to be had again in time; its work stops.")
                }
                // `try?`: cancellation ends the loop.
                try? await Task.sleep(until: end)
            }
        }
    }

    /// False where another edge has it, or where cancelled.
    private func regain() async -> Bool {
        while !Task.isCancelled {
            switch await holder(askedFor: timing.askHolderFor) {
            case .nobody: if await declare() { return true }
            case .other: return false
            case .silent: break
            }
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: timing.busAgainAfter)
        }
        return false
    }

    private func giveUp() async {
        guard await stopConsuming() else { return }
        // It may be gone with the connection already.
        try? await bus.delete(queue)
    }

    /// - Returns: false where it was not ours.
    @discardableResult
    private func stopConsuming() async -> Bool {
        let held = consumer.withLock { consumer in
            defer { consumer = nil }
            return consumer
        }
        await held?.cancel()
        return held != nil
    }

    private enum Holder { case nobody, other, silent }

    /// A queue that is there and says nothing may be our own, left over from the connection that was lost.
    private func holder(askedFor timeout: Duration) async -> Holder {
        let properties = MessageProperties(Self.question, from: .edge)
        do {
            let answer = try await requester.request(
                Message(ByteBuffer(), properties), to: .toQueue, key: RoutingKey(queue.text),
                timeout: timeout)
            let holder = try RPC.decodeResult(EdgeAddress.self, from: answer.body)
            return holder == address ? .silent : .other
        } catch MessageBusError.unroutable {
            return .nobody
        } catch {
            return .silent
        }
    }

    /// Probes are answered by their arrival alone.
    private func answer(_ delivery: Delivery) {
        defer { delivery.acknowledge() }
        guard delivery.properties.type == Self.question, let replyTo = delivery.properties.replyTo,
            let answer = try? RPC.encodeResult(address)  // two strings: it cannot fail
        else { return }
        var properties = MessageProperties("answer", from: .edge, trace: delivery.properties.trace)
        properties.correlationID = delivery.properties.correlationID
        properties.expiration = timing.askHolderFor
        bus.publish(
            Message(answer, properties), to: .toQueue, key: RoutingKey(replyTo.text), mandatory: false, then: nil)
    }
}

/// Says once that another edge is at work.
private struct ContentionLog {
    let logger: Logger
    private var hasSaid = false

    init(logger: Logger) { self.logger = logger }

    mutating func held() {
        guard !hasSaid else { return }
        hasSaid = true
        logger.info("Another edge has this entry; this one stands by.")
    }
}
