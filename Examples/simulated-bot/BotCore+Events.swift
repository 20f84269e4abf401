import NIOCore
import OneBot
import WebSocketTransport

/// Events out: made up at a pace, in bursts, or given; and heartbeats.
extension BotCore {
    /// After this many events in a row the event loop gets its turn.
    private static let batch = 256

    /// Sends one event to everybody who listens, now. Returns to how many it went.
    @discardableResult
    func emit(_ event: ByteBuffer, flushing: Bool = true) -> Int {
        let listeners = eventLinks
        for link in listeners {
            link.send(event)
            if flushing { link.connection.flush() }
        }
        eventsSent += 1
        return listeners.count
    }

    /// Sends frames to every connection, whatever it carries.
    func sendToAll(_ text: ByteBuffer) -> Int {
        for link in links {
            link.send(text)
            link.connection.flush()
        }
        return links.count
    }

    func add(_ burst: EventBurst) {
        guard !isStopped else {
            burst.done?.fail(SimulatedBotError.stopped)
            return
        }
        bursts.append(burst)
        feedEvents()
    }

    func change(rate: EventRate, count: Int?) {
        pace.change(rate: rate, count: count)
        feedEvents()
    }

    /// Sends what is due, soon: called whenever something changed that may let events flow. Calling it too often does
    /// no harm.
    func feedEvents() {
        guard !isFeeding, !isStopped else { return }
        isFeeding = true
        feedTimer?.cancel()
        eventLoop.assumeIsolated().execute { [self] in
            isFeeding = false
            if !isStopped { sendDueEvents() }
        }
    }

    /// Whether events have to wait: nobody listens, or one listener is behind. So nothing piles up.
    private var isHeldBack: Bool {
        let listeners = eventLinks
        return listeners.isEmpty || !listeners.allSatisfy { $0.connection.isWritable }
    }

    private func sendDueEvents() {
        var sent = 0
        while sent < Self.batch, !isHeldBack {
            if let event = nextBurstEvent() {
                emit(event, flushing: false)
                sent += 1
                continue
            }
            let step = pace.step(at: .nanoseconds(Int64(NIODeadline.now().uptimeNanoseconds)))
            guard step == .emit else {
                if case .wait(let duration) = step { feed(in: duration) }
                break
            }
            emit(generator.next(at: time, remembering: &memory), flushing: false)
            sent += 1
        }
        for link in eventLinks { link.connection.flush() }
        if sent == Self.batch { feedEvents() }
    }

    private func nextBurstEvent() -> ByteBuffer? {
        while !bursts.isEmpty {
            if let event = bursts[0].nextEvent() { return event }
            bursts.removeFirst().done?.succeed()
        }
        return nil
    }

    private func feed(in duration: Duration) {
        feedTimer?.cancel()
        feedTimer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { [weak self] in
            self?.feedEvents()
        }
    }

    // MARK: Heartbeats

    func startHeartbeats() {
        guard configuration.heartbeatInterval > .zero, !isStopped else { return }
        let interval = TimeAmount(configuration.heartbeatInterval)
        heartbeatTimer = eventLoop.assumeIsolated().scheduleTask(in: interval) { [weak self] in
            self?.sendHeartbeat()
            self?.startHeartbeats()
        }
    }

    func sendHeartbeat() {
        emit(
            MetaEvents.heartbeat(
                selfID: account.selfID, status: answers.status, interval: configuration.heartbeatInterval, at: time))
    }
}
