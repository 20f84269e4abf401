import Bus

/// Who has a claim, as far as one process knows that wants it, and what that process does next. Its driver (``Claim``)
/// carries out the steps of ``next(isAtWork:isBusAway:)`` and reports what came of them. Times are counted from any
/// fixed moment.
///
/// | | wanted | not wanted | found | the queue was lost | given up |
/// |---|---|---|---|---|---|
/// | idle | contending | – | – | – | – |
/// | contending | – | idle | ours; idle, where another keeps it | noted, while it is declared | – |
/// | ours | the owner is told again | idle | – | lost | contending |
/// | lost | – | idle | ours; idle or contending, where another keeps it | noted | – |
///
/// When it has been lost for longer than the work may go on, it is contended for. Whether it is still wanted is looked
/// at between two steps: if it is wanted again by then, nothing has changed.
struct ClaimState: Sendable {
    enum Phase: Sendable, Hashable {
        /// It is not wanted here; or another keeps it, and it is left alone until it is wanted anew.
        case idle
        case contending
        case ours
        /// The queue was lost, and is claimed again.
        case lost(since: Duration)
    }

    /// What is to be done.
    enum Step: Sendable, Hashable {
        /// Nothing, until something is heard.
        case rest
        case pause(Duration)
        /// Send a message to find out whether there is a queue; it may wait there this long.
        case look(for: Duration)
        case ask(for: Duration)
        case declare
        /// Tell the owner that it is ours.
        case grant
    }

    /// What came of a look, a question, or a declaration.
    enum Finding: Sendable, Hashable {
        case free
        /// Somebody is there.
        case held
        /// Its holder gives it up.
        case released
        /// Its holder keeps it, for this reason.
        case kept(String)
        /// Its holder said nothing.
        case silent
        /// It could not be found out, for this reason.
        case unknown(String)
        case declared
        /// `locked`: another was quicker, or had it all the time.
        case failed(MessageBusError)
    }

    /// What is known of a claim that is not ours.
    private struct Search {
        let approach: ClaimPolicy.Approach
        var wasHeld = false
        var hasFailed = false
        var freeSince: Duration?
        /// How long its holder has said nothing.
        var silence = Duration.zero
        /// For how much longer questions are hurried: the holder may be giving it up at this moment.
        var haste: Duration

        init(_ approach: ClaimPolicy.Approach) {
            self.approach = approach
            haste = approach.haste ?? .zero
        }

        /// How long the answer to the present question is waited for.
        var patience: Duration? { haste > .zero ? approach.haste : approach.patience }
    }

    private let policy: ClaimPolicy
    private(set) var phase: Phase
    /// The epoch of the link that wants it: the higher one gets it. `nil`: it is not wanted.
    private(set) var epoch: UInt64?
    /// The error that ended it, where the policy does not try again.
    private(set) var failure: MessageBusError?
    private var search: Search
    /// The next step, where one is settled already.
    private var step: Step?
    /// Whether the queue has been declared, or is being declared, and has not been lost since.
    private var hasQueue = false
    private var isSaid = false
    /// A publish failed: the owner is to be told again that it is ours, once the bus works.
    private var mustSayAgain = false

    init(_ policy: ClaimPolicy) {
        self.policy = policy
        epoch = policy.isAlwaysWanted ? 0 : nil
        phase = policy.isAlwaysWanted ? .contending : .idle
        search = Search(policy.contends)
    }

    /// Whether another had it while it was contended for.
    var followsAnother: Bool { search.wasHeld }

    /// - Parameter isAtWork: whether the work has begun.
    /// - Returns: `nil` where the work is to begin or to end, or the queue is to be given up.
    mutating func next(isAtWork: Bool, isBusAway: Bool) -> Step? {
        if epoch == nil { phase = .idle }
        switch phase {
        case .idle:
            return isAtWork || hasQueue ? nil : .rest
        case .contending, .lost:
            if failure != nil || isAtWork && phase == .contending { return nil }
            let finding = search.patience.map { Step.ask(for: $0) } ?? .look(for: search.approach.again)
            let step = self.step.take() ?? finding
            hasQueue = step == .declare
            return step
        case .ours:
            if !isAtWork { return nil }
            if isSaid { return .rest }
            if let step = self.step.take() { return step }
            mustSayAgain = mustSayAgain && isBusAway
            isSaid = !mustSayAgain
            return isSaid ? .grant : .pause(policy.timing.busAgainAfter)
        }
    }

    // MARK: Wishes

    /// - Returns: false where that changes nothing.
    mutating func want(_ epoch: UInt64?) -> Bool {
        defer { self.epoch = epoch }
        guard (self.epoch == nil) != (epoch == nil) else { return false }
        if phase == .idle, epoch != nil { contend() }
        isSaid = false
        return true
    }

    /// A publish failed: the owner is told again that it is ours, once the bus works.
    mutating func sayAgain() {
        mustSayAgain = true
        switch phase {
        case .idle where epoch != nil: contend()
        case .ours: isSaid = false
        case .idle, .contending, .lost: return
        }
        step = .pause(policy.timing.busAgainAfter)
    }

    // MARK: Having it

    /// - Returns: what there is to tell.
    mutating func found(_ finding: Finding, at now: Duration) -> ClaimNews? {
        if phase == .idle || phase == .ours { return nil }
        if finding != .free { search.freeSince = nil }
        if finding != .declared { hasQueue = false }
        let approach = search.approach
        let patience = search.patience ?? .zero
        switch finding {
        case .free:
            let since = search.freeSince ?? now
            search.freeSince = since
            let rest = search.wasHeld ? since + approach.grace - now : .zero
            step = rest <= .zero ? .declare : .pause(min(approach.again, rest))
        case .held, .failed(.locked):
            defer { search.wasHeld = true }
            step = .pause(approach.again)
            if finding != .held { search.silence += patience }
            if let limit = approach.silenceLimit, search.silence >= limit {
                return refused("the edge that has the bot does not answer")
            }
            // A claim that we lost may still be held by our own lost connection.
            return phase == .contending ? .held(isFirst: !search.wasHeld) : nil
        case .released:
            search.haste = approach.patience ?? .zero
            step = .pause(approach.again)
        case .kept(let reason):
            return refused(reason)
        case .silent where search.haste > .zero:
            search.silence += patience
            search.haste -= patience
        case .silent:
            step = approach.haste == nil ? .pause(approach.again) : .declare
        case .unknown(let reason):
            step = .pause(approach.unknown)
            return .cannotTell(reason)
        case .declared:
            phase = .ours
            isSaid = false
            if mustSayAgain { step = .pause(policy.timing.busAgainAfter) }
            if !hasQueue { _ = lost(at: now) }
        case .failed(let error) where policy.failsWithBroker && !error.isAbsence:
            failure = error
        case .failed(let error):
            defer { search.hasFailed = true }
            step = .pause(approach.failed)
            return .cannotTake(error, isFirst: !search.hasFailed)
        }
        return nil
    }

    /// Another keeps it. Where holders are asked, asking again would bring the same answer, so it is left alone; where
    /// one only looks, one waits until it is free.
    private mutating func refused(_ reason: String) -> ClaimNews {
        contend()
        if policy.contends.patience != nil { phase = .idle }
        return .refused(reason)
    }

    // MARK: Losing it

    /// The queue was lost.
    /// - Returns: whether we had it.
    mutating func lost(at now: Duration) -> Bool {
        hasQueue = false
        guard phase == .ours else { return false }
        contend()
        if let approach = policy.regains {
            phase = .lost(since: now)
            search = Search(approach)
        }
        return true
    }

    /// How much longer the work may go on without the claim; the whole patience while it is ours; zero: it was lost too
    /// long ago.
    mutating func timeLeft(of patience: Duration, at now: Duration) -> Duration {
        guard case .lost(let since) = phase else { return patience }
        if now >= since + patience { contend() }
        return max(since + patience - now, .zero)
    }

    /// The work has ended.
    /// - Returns: whether the queue is ours, and to be given up.
    mutating func leave() -> Bool {
        if phase == .ours { contend() }
        defer { hasQueue = false }
        return hasQueue
    }

    private mutating func contend() {
        phase = .contending
        search = Search(policy.contends)
        step = nil
    }
}

extension MessageBusError {
    /// Whether there is just no connection now, so that it may succeed later.
    fileprivate var isAbsence: Bool {
        if case .unreachable = self { true } else { self == .disconnected }
    }
}
