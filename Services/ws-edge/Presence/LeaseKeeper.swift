import Bus
import Contracts
import Foundation
import Logging
import NIOCore
import OneBot
import Synchronization

/// Tells the registry what lives here: changes as they come (those of one loop turn together), everything when asked, and
/// a renewal every 5 s. The registry alone ends things; what stops being renewed lapses.
final class LeaseKeeper: Sendable {
    static let renewInterval = Duration.seconds(5)

    private struct State {
        var book: LeaseBook
        var isScheduled = false
        var isRetrying = false
    }

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

    /// Making and publishing a report is one step, on the loop: reports go out in the order of their sequence.
    private func publish(_ make: @escaping @Sendable (inout LeaseBook) -> EdgeReport?) {
        eventLoop.execute {
            guard let report = self.state.withLock({ make(&$0.book) }), let message = self.message(report) else {
                return
            }
            self.bus.publish(message, to: self.exchanges.presence, key: self.address.reportKey, mandatory: true) {
                outcome in
                if outcome != .confirmed { self.retry(after: outcome) }
            }
        }
    }

    /// Nobody took the report (the registry has not started yet): then all of it again, a little later.
    private func retry(after outcome: PublishOutcome) {
        let isFirst = state.withLock { state in
            defer { state.isRetrying = true }
            return !state.isRetrying
        }
        guard isFirst else { return }
        logger.debug(
            "The registry did not take a report; everything will be said again.", metadata: ["reason": "\(outcome)"])
        eventLoop.scheduleTask(in: .milliseconds(200)) {
            self.state.withLock { $0.isRetrying = false }
            self.reportAll()
        }
    }

    private func message(_ report: EdgeReport) -> Message? {
        do {
            return Message(
                ByteBuffer(bytes: try JSONEncoder().encode(report)), MessageProperties("edge_report", from: .edge))
        } catch {
            logger.error("A report cannot be encoded.", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
