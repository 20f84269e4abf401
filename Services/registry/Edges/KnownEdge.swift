import Contracts

/// What the registry remembers of an edge that is there, or that it still waits for.
struct KnownEdge: Sendable {
    let address: EdgeAddress
    /// It takes new ports.
    var isReady = false
    /// Known from the database only: it has not said in full what lives there.
    var isSilent: Bool
    /// The number of its last report; `nil` before the first.
    private var sequence: UInt64?
    private var mismatches = 0
    private var reportAskedAt: Duration?
    private var askAt: Duration?
    /// Sessions that left, the latest few thousand: a late question of theirs must not bring them back.
    private var departed: Set<UInt64> = []
    private var departedInOrder: [UInt64] = []
    /// Sessions it reported that were not taken, because their name is another client's: they exist all the same, and
    /// are counted.
    private(set) var refused: Set<UInt64> = []
    /// Of these, sessions whose place another one took.
    private(set) var superseded: Set<UInt64> = []

    private static let maxDeparted = 4096
    private static let askAgainAfter = Duration.seconds(2)

    init(_ address: EdgeAddress, isSilent: Bool) {
        self.address = address
        self.isSilent = isSilent
    }

    enum Order: Sendable, Hashable {
        case next
        /// Seen before: it says nothing new.
        case repeated
        /// Something between was missed.
        case jump
    }

    /// Takes a report's number.
    mutating func take(sequence number: UInt64, isFull: Bool) -> Order {
        let last = sequence
        if let last, number <= last { return .repeated }
        sequence = number
        if isFull { return .next }
        guard let last else { return .jump }
        return number == last &+ 1 ? .next : .jump
    }

    /// Compares the number of sessions that the edge reported with the number we know. Those that were refused may be
    /// among the former. One difference may come from a question that overtook the report; a second one in a row does
    /// not.
    mutating func isCountWrong(reported: Int, known: Int) -> Bool {
        mismatches = known <= reported && reported <= known + refused.count ? 0 : mismatches + 1
        return mismatches >= 2
    }

    /// Whether to ask for a full report now: not while the last such question is fresh.
    mutating func mayAskForReport(at now: Duration) -> Bool {
        if let reportAskedAt, now - reportAskedAt < Self.askAgainAfter { return false }
        reportAskedAt = now
        mismatches = 0
        askAt = nil
        return true
    }

    /// Plans to ask for a full report at that time, because something in the last one is in doubt.
    mutating func ask(at time: Duration) { askAt = askAt ?? time }

    func mustAsk(at now: Duration) -> Bool { askAt.map { $0 <= now } ?? false }

    mutating func refuse(_ session: UInt64) {
        if !hasDeparted(session) { refused.insert(session) }
    }

    mutating func supersede(_ session: UInt64) {
        refuse(session)
        superseded.insert(session)
    }

    mutating func take(_ session: UInt64) { refused.remove(session) }

    /// Takes a full report: a session that is not in it is not there.
    mutating func keep(only reported: Set<UInt64>) {
        refused.formIntersection(reported)
        superseded.formIntersection(reported)
    }

    mutating func depart(_ session: UInt64) {
        refused.remove(session)
        superseded.remove(session)
        guard departed.insert(session).inserted else { return }
        departedInOrder.append(session)
        guard departedInOrder.count > 2 * Self.maxDeparted else { return }
        for old in departedInOrder.prefix(Self.maxDeparted) { departed.remove(old) }
        departedInOrder.removeFirst(Self.maxDeparted)
    }

    func hasDeparted(_ session: UInt64) -> Bool { departed.contains(session) }
}
