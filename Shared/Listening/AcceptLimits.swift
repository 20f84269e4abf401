public import Logging
import Metrics
import NIOCore
public import Observability
import Synchronization

/// How many connections the listeners of a service take at once, and whether descriptors ran out nevertheless. All
/// listeners of a service share it.
///
/// There are ``served`` places. A connection that is let in takes one, and a leased port takes some in advance; while
/// all are taken (``isFull``), further clients are told to come back. Telling them takes a socket, and so do
/// connections the bound is not meant for: for those there are ``spare`` more sockets. When these are open, too,
/// accepting waits.
public final class AcceptLimits: Sendable {
    public let served: Int
    public let spare: Int
    private let setting: String
    private let logger: Logger
    private let open = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)
    private let leased = Atomic<Int>(0)
    private let shortage: Shortage
    private let saidFull = Atomic<Bool>(false)
    private let refused = MetricNames.connectionsRefused.counter()
    private let pauses = MetricNames.acceptPauses.counter()

    /// Shared by all listeners of a service.
    private final class Shortage: Sendable {
        let value = Mutex(DescriptorShortage())
    }

    /// - Parameter setting: the name of the setting that raises the bound.
    public convenience init(served: Int, spare: Int, setting: String, logger: Logger) {
        self.init(served: served, spare: spare, setting: setting, logger: logger, shortage: Shortage())
    }

    /// For listeners whose connections are bounded elsewhere.
    public convenience init(logger: Logger) { self.init(served: .max, spare: 0, setting: "", logger: logger) }

    private init(served: Int, spare: Int, setting: String, logger: Logger, shortage: Shortage) {
        self.served = served
        self.spare = spare
        self.setting = setting
        self.logger = logger
        self.shortage = shortage
    }

    /// The limits of a listener for one connection, whose place is taken by ``lease(_:)``.
    public func forOne() -> AcceptLimits {
        AcceptLimits(served: 1, spare: 3, setting: setting, logger: logger, shortage: shortage)
    }

    /// Sockets that are open, whoever is at the other end.
    var count: Int { open.load(ordering: .relaxed) }

    /// Whether all places are taken.
    public var isFull: Bool { taken.load(ordering: .relaxed) >= served }

    /// Whether no more are to be accepted for now.
    var mustWait: Bool { served < .max && count + leased.load(ordering: .relaxed) >= served + spare }

    /// One was let in.
    public func occupy() { taken.wrappingAdd(1, ordering: .relaxed) }

    /// It has left.
    public func vacate() { free(1) }

    /// Takes places for a leased port (its listener, and the client to come), if there are that many.
    public func lease(_ places: Int) -> Bool {
        guard taken.wrappingAdd(places, ordering: .relaxed).newValue <= served else {
            free(places)
            return false
        }
        leased.wrappingAdd(places, ordering: .relaxed)
        return true
    }

    public func endLease(of places: Int) {
        leased.wrappingSubtract(places, ordering: .relaxed)
        free(places)
    }

    private func free(_ places: Int) {
        let count = taken.wrappingSubtract(places, ordering: .relaxed).newValue
        // Reset only when there is room for many, so that one connection that comes and goes is not logged each time.
        if count < served - served / 8 { saidFull.store(false, ordering: .relaxed) }
    }

    /// How many were accepted so far.
    var arrivals: Int { accepted.load(ordering: .relaxed) }

    func left() { open.wrappingSubtract(1, ordering: .relaxed) }

    func arrived() {
        accepted.wrappingAdd(1, ordering: .relaxed)
        open.wrappingAdd(1, ordering: .relaxed)
        guard shortage.value.withLock({ $0.accepted(at: .now()) }) else { return }
        logger.notice("Connections are accepted again.")
    }

    /// One is told to come back later, since ``isFull``.
    public func refuse() {
        refused.increment()
        guard !saidFull.exchange(true, ordering: .relaxed) else { return }
        logger.warning(
            "All connections are taken; more are answered 503 until some are closed.",
            metadata: [LogKeys.setting: "\(setting)", LogKeys.limit: "\(served)"])
    }

    /// A connection could not be accepted for want of a descriptor, or of memory for one.
    func ranOut(_ error: IOError) {
        pauses.increment()
        guard shortage.value.withLock({ $0.failed(at: .now()) }) else { return }
        logger.error(
            "The process has no descriptor left; connections wait until some are closed. Raise its limit of open files.",
            metadata: [LogKeys.limit: "\(OpenFiles.limit)", LogKeys.error: "\(error)"])
    }

    /// For health checks.
    public var impairment: Impairment? {
        if shortage.value.withLock({ $0.isOn(at: .now()) }) {
            return Impairment(
                .degraded,
                "The process has no descriptor left (of \(OpenFiles.limit)): connections wait until some are closed. "
                    + "Raise its limit of open files (ulimit -n, LimitNOFILE, --ulimit nofile).")
        }
        guard isFull else { return nil }
        return Impairment(
            .ailing, "All \(served) connections of \(setting) are taken: more are answered 503 until some are closed.")
    }
}
