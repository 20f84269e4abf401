import Bus
import Contracts
import Foundation
import Logging
import NIOCore
import Observability
import OneBot
import Synchronization

/// Tells the registry what lives here: changes as they come (those of one loop turn together), everything when asked,
/// and a renewal every 5 s. The registry alone ends things; what stops being renewed lapses.
final class LeaseKeeper: Sendable {
    static let renewInterval = Duration.seconds(5)

    private struct State {
        var book: LeaseBook
        var isScheduled = false
        var isRetrying = false
        /// Reports in a row that were not taken.
        var failures = 0
    }

    /// Bounds of the wait before everything is said again.
    private static let retryFirst = TimeAmount.milliseconds(200)
    private static let retryLongest = TimeAmount.seconds(5)

    private let state: Mutex<State>
    private let address: EdgeAddress
    private let exchanges: Exchanges
    private let bus: any MessageBus
    private let eventLoop: any EventLoop
    private let logger: Logger

    init(address: EdgeAddress, exchanges: Exchanges, bus: any MessageBus, eventLoop: any EventLoop, logger: Logger) {
        self.address = address
        self.exchanges = exchanges
        self.bus = bus
        self.eventLoop = eventLoop
        self.logger = logger
        state = Mutex(State(book: LeaseBook(edge: address)))
    }

    func isLive(_ session: UInt64) -> Bool { state.withLock { $0.book.isLive(session) } }
    func opened(_ claim: SessionClaim) { change { $0.opened(claim) } }
    func granted(_ grant: SessionGrant, to session: UInt64) { change { $0.granted(grant, to: session) } }
    func bound(_ session: UInt64, to bot: SelfID) { change { $0.bound(session, to: bot) } }
    func settled(_ session: UInt64) { change { $0.settled(session) } }
    func closed(_ session: UInt64) { change { $0.closed(session) } }
    func changed(_ bot: OnlineBot) { change { $0.changed(bot) } }
    func closed(_ port: EdgeAPI.ClosePort) { change { $0.closed(port) } }
    func drain() { change { $0.drain() } }

    /// Says everything again.
    func reportAll() { publish { $0.full() } }

    /// Reports at once and then renews until cancelled.
    func run() async {
        reportAll()
        while !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: Self.renewInterval)
            if !Task.isCancelled { publish { $0.renewal() } }
        }
    }

    /// The last report: all that lived here is gone.
    func end() async {
        let report = state.withLock { $0.book.end() }
        guard let message = message(report) else { return }
        _ = await bus.publish(message, to: exchanges.presence, key: address.reportKey)
    }

    private func change(_ body: (inout LeaseBook) -> Void) {
        let mustSchedule = state.withLock { state in
            body(&state.book)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard mustSchedule else { return }
        eventLoop.execute {
            self.state.withLock { $0.isScheduled = false }
            self.publish { $0.changes() }
        }
    }

    /// Making and publishing a report is one step, on the loop, so that reports go out in the order of their sequence.
    /// While the bus takes nothing no report is made, and what is new stays in the book.
    private func publish(_ make: @escaping @Sendable (inout LeaseBook) -> EdgeReport?) {
        eventLoop.execute {
            if let obstacle = self.bus.status.obstacle { return self.retry(because: obstacle) }
            guard let report = self.state.withLock({ make(&$0.book) }), let message = self.message(report) else {
                return
            }
            self.bus.publish(message, to: self.exchanges.presence, key: self.address.reportKey, mandatory: true) {
                outcome in
                if outcome == .confirmed {
                    self.state.withLock { $0.failures = 0 }
                } else {
                    self.retry(because: "\(outcome)")
                }
            }
        }
    }

    /// The report was not taken (the registry has not started yet, or the bus is away): everything is reported again a
    /// little later, and less and less often.
    private func retry(because reason: String) {
        let (delay, isFirstFailure) = state.withLock { state -> (TimeAmount?, Bool) in
            guard !state.isRetrying else { return (nil, false) }
            state.isRetrying = true
            defer { state.failures += 1 }
            return (min(Self.retryFirst * (1 << min(state.failures, 10)), Self.retryLongest), state.failures == 0)
        }
        guard let delay else { return }
        if isFirstFailure {
            logger.debug(
                "The registry did not take a report; everything will be said again.",
                metadata: [LogKeys.reason: "\(reason)"])
        }
        eventLoop.scheduleTask(in: delay) {
            self.state.withLock { $0.isRetrying = false }
            self.reportAll()
        }
    }

    private func message(_ report: EdgeReport) -> Message? {
        do {
            return Message(
                ByteBuffer(bytes: try JSONEncoder().encode(report)), MessageProperties("edge_report", from: .edge))
        } catch {
            logger.error("A report cannot be encoded.", metadata: [LogKeys.error: "\(error)"])
            return nil
        }
    }
}
