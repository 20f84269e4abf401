public import Logging
import Metrics
import NIOCore
public import Observability
import Synchronization

/// How many connections the listeners of a service take at once, and what is known of descriptors that ran out all the
/// same. One for all its listeners.
///
/// Of places there are ``served``, taken by those that are let in, and beforehand by ports that are leased: where they
/// are all taken (``isFull``) one more is told to come back. It takes a socket to be told so, and whoever the bound is
/// not meant for takes one as well: for those there are ``spare`` sockets more, and with all of these open accepting
/// waits.
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

    /// What all listeners of a service know of it.
    private final class Shortage: Sendable {
        let value = Mutex(DescriptorShortage())
    }

    /// - Parameter setting: its name, for whoever is to raise the bound.
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

    /// Of a listener for one connection, which has its place by ``lease(_:)``.
    public func forOne() -> AcceptLimits {
        AcceptLimits(served: 1, spare: 3, setting: setting, logger: logger, shortage: shortage)
    }

    /// Sockets that are open, whoever is at the other end.
    var count: Int { open.load(ordering: .relaxed) }

    /// Whether all places are taken.
    public var isFull: Bool { taken.load(ordering: .relaxed) >= served }

    /// No more are to be accepted for now.
    var mustWait: Bool { served < .max && count + leased.load(ordering: .relaxed) >= served + spare }

    /// One was let in.
    public func occupy() { taken.wrappingAdd(1, ordering: .relaxed) }

    /// It has left.
    public func vacate() { free(1) }

    /// Takes places for a port that is leased, its listener and its client to come, if there are as many.
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
        // Not at each coming and going of the last one: only when there is room for many.
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
