import Bus

/// Whose a claim is, as far as one knows that wants it, and what that one does next: whoever drives it (``Claim``)
/// carries ``next(isAtWork:isBusAway:)`` out and tells what came of it. Time is counted from any moment.
///
/// | | wished for | no more | found | the queue went | given up |
/// |---|---|---|---|---|---|
/// | idle | contending | – | – | – | – |
/// | contending | – | idle | ours; idle, where another keeps it | noted, while it is declared | – |
/// | ours | said again | idle | – | lost | contending |
/// | lost | – | idle | ours; idle or contending, where another keeps it | noted | – |
///
/// Lost for longer than what it is for may go on, it is contended for. A wish that ends is looked at between two steps:
/// one that is back by then was never away.
struct ClaimState: Sendable {
    enum Phase: Sendable, Hashable {
        /// Nobody here wishes for it; or another keeps it, and it is left alone until it is wished for anew.
        case idle
        case contending
        case ours
        /// It went away under us, and is claimed again.
        case lost(since: Duration)
    }

    /// What is to be done.
    enum Step: Sendable, Hashable {
        /// Nothing, until something is heard.
        case rest
        case pause(Duration)
        /// A message looks whether there is a queue; it may wait there for so long.
        case look(for: Duration)
        case ask(for: Duration)
        case declare
        /// It is said that it is ours.
        case grant
    }

    /// What came of a look, a question, or a declaration.
    enum Finding: Sendable, Hashable {
        case free
        /// Somebody is there.
        case held
        /// Its holder gives it up.
        case released
        /// Its holder keeps it: why.
        case kept(String)
        /// Its holder said nothing.
        case silent
        /// It could not be told: why.
        case unknown(String)
        case declared
        /// `locked`: another was quicker, or there all the time.
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
        /// For how long it is asked in haste: its holder may be giving it up at this moment.
        var haste: Duration

        init(_ approach: ClaimPolicy.Approach) {
            self.approach = approach
            haste = approach.haste ?? .zero
        }

        /// How long the present question is waited for.
        var patience: Duration? { haste > .zero ? approach.haste : approach.patience }
    }

    private let policy: ClaimPolicy
    private(set) var phase: Phase
    /// Of whoever wishes for it: the higher one gets it. `nil`: it is not wished for.
    private(set) var epoch: UInt64?
    /// The end: an error that the policy does not outlive.
    private(set) var failure: MessageBusError?
    private var search: Search
    /// Before anything else.
    private var step: Step?
    /// It has been declared, or is being, and has not gone since.
    private var hasQueue = false
    private var isSaid = false
    /// To be said again once the bus works: a publish failed.
    private var mustSayAgain = false

    init(_ policy: ClaimPolicy) {
        self.policy = policy
        epoch = policy.isAlwaysWanted ? 0 : nil
        phase = policy.isAlwaysWanted ? .contending : .idle
        search = Search(policy.contends)
    }

    /// It was in another's hands while it was contended for.
    var followsAnother: Bool { search.wasHeld }

    /// - Parameter isAtWork: what it is for has begun.
    /// - Returns: `nil` where that is to begin, or to end, or the queue is to be given up.
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

    /// A publish failed: that it is ours is to be said again once the bus works.
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
            // One that we lost may be held by our own lost connection.
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

    /// Another keeps it. Whoever would be told the same when asking again leaves it alone; whoever looks waits until it
    /// is free.
    private mutating func refused(_ reason: String) -> ClaimNews {
        contend()
        if policy.contends.patience != nil { phase = .idle }
        return .refused(reason)
    }

    // MARK: Losing it

    /// The queue went away under us.
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

    /// For how long what it is for may go on, were it lost now; zero: it was lost too long ago.
    mutating func timeLeft(of patience: Duration, at now: Duration) -> Duration {
        guard case .lost(let since) = phase else { return patience }
        if now >= since + patience { contend() }
        return max(since + patience - now, .zero)
    }

    /// What it is for has ended.
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
    /// There is no connection now: later it may succeed.
    fileprivate var isAbsence: Bool {
        if case .unreachable = self { true } else { self == .disconnected }
    }
}
