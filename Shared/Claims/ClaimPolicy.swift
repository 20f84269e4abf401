public import Contracts
public import OneBot

/// Durations of claims that are not settings; tests shorten them.
public struct ClaimTiming: Sendable {
    /// How long until a bot's queue is claimed again after an error of the bus.
    public var againAfter: Duration = .seconds(1)
    /// The time between looks at whether the bus works again, and between questions to a holder.
    public var busAgainAfter: Duration = .milliseconds(100)
    /// The time between looks at a claim that another holds.
    public var lookEvery: Duration = .seconds(1)
    /// How long an entry's claim that another edge held must be free before we take it: its holder may come back.
    public var grace: Duration = .seconds(3)
    /// How long the holder of a claim may take to answer, each time it is asked.
    public var askHolderFor: Duration = .seconds(2)
    /// A new link is closed when the holder of its bot has been silent for this long.
    public var holderPatience: Duration = .seconds(10)

    public init() {}
}

/// How a claim is taken and kept: everything in which the three kinds differ.
///
/// | | bot | entry or target | registry's term |
/// |---|---|---|---|
/// | wanted | while a link is up | always | always |
/// | before it is taken | its holder is asked to give it up | a message finds out whether there is a queue | the same |
/// | found free | taken | taken; where it was held before, after the grace | taken |
/// | its holder does not answer | declared all the same; after 10 s it counts as kept | – | – |
/// | lost | its holder is asked again, for ever | its holder is asked; declared if there is none | the term is over |
/// | the work meanwhile | goes on | goes on; for a dialled framework only 2 s | ends |
/// | an error of the broker | tried again | tried again | ends the service |
public struct ClaimPolicy: Sendable {
    struct Approach: Sendable {
        /// How long its holder may take to answer; `nil`: the holder is not asked, a message only finds out whether
        /// there is a queue.
        var patience: Duration?
        /// The shorter time for the first question, and for those after the holder promised to release: a question that
        /// reaches a queue as it is deleted is lost with it, so it is soon asked again. After that, a silent holder may
        /// be our own lost connection, so the queue is declared all the same. `nil`: no question is hurried, and a
        /// silent holder is only asked again.
        var haste: Duration?
        /// A holder that has been silent for this long counts as keeping it.
        var silenceLimit: Duration?
        /// Where another was seen to hold it, it is taken only when it has been free for this long: that holder may
        /// have lost the broker for a moment only.
        var grace = Duration.zero
        /// The time until the next look or question: where another has it, where nothing could be found out, where it
        /// could not be declared.
        var again, unknown, failed: Duration
    }

    /// Used until it is ours for the first time.
    let contends: Approach
    /// Used after the queue was lost; `nil`: the work is over then.
    var regains: Approach?
    let messages: ClaimMessages
    let timing: ClaimTiming
    /// How long the work goes on after the claim was lost; `nil`: until another has it.
    var patience: Duration?
    var isAlwaysWanted = true
    /// The prefetch of its consumer; `nil`: the owner of the claim consumes the queue itself.
    var prefetch: Int?
    /// Whether an error of the broker, other than a missing connection, is the end.
    var failsWithBroker = false

    /// The claim of a bot's actions or events, by that edge: the newest link gets it.
    public static func bot(_ bot: SelfID, _ address: EdgeAddress, _ timing: ClaimTiming) -> Self {
        let again = timing.busAgainAfter
        var asks = Approach(
            patience: timing.askHolderFor, haste: again, again: again, unknown: again, failed: timing.againAfter)
        let regains = asks
        asks.silenceLimit = timing.holderPatience
        // The prefetch is more than a link has room for, so that the link refuses actions instead of leaving them
        // unseen in the queue.
        return Self(
            contends: asks, regains: regains, messages: .bot(bot, address), timing: timing, isAlwaysWanted: false,
            prefetch: 8192)
    }

    /// The claim of an entry of `bots[]`, or of a target, by that edge.
    /// - Parameter patience: how long the work goes on after the claim was lost; `nil`: until another edge has it.
    public static func entry(_ address: EdgeAddress, _ timing: ClaimTiming, patience: Duration? = nil) -> Self {
        let (again, every) = (timing.busAgainAfter, timing.lookEvery)
        return Self(
            contends: Approach(grace: timing.grace, again: every, unknown: again, failed: every),
            regains: Approach(patience: timing.askHolderFor, again: again, unknown: again, failed: again),
            messages: .entry(address), timing: timing, patience: patience, prefetch: 64)
    }

    /// The claim of a registry to one term.
    public static func term(_ timing: ClaimTiming = ClaimTiming()) -> Self {
        let every = timing.lookEvery
        return Self(
            contends: Approach(again: every, unknown: every, failed: every), messages: .registry, timing: timing,
            failsWithBroker: true)
    }
}
