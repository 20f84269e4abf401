public import Contracts
public import OneBot

/// The durations of claims that are no settings; tests shorten them.
public struct ClaimTiming: Sendable {
    /// Before a bot's queue is claimed again after an error of the bus.
    public var againAfter: Duration = .seconds(1)
    /// Between looks at whether the bus works again, and between questions to a holder.
    public var busAgainAfter: Duration = .milliseconds(100)
    /// Between looks at a claim that another holds.
    public var lookEvery: Duration = .seconds(1)
    /// How long an entry's claim that another edge held must be free before we take it: its holder may come back.
    public var grace: Duration = .seconds(3)
    /// How long the holder of a claim may take to answer, each time it is asked.
    public var askHolderFor: Duration = .seconds(2)
    /// A new link whose bot's holder has been silent that long is closed.
    public var holderPatience: Duration = .seconds(10)

    public init() {}
}

/// How a claim is had and kept: all in which the three kinds differ.
///
/// | | bot | entry or target | registry's term |
/// |---|---|---|---|
/// | wished for | while a link is up | always | always |
/// | before it is taken | its holder is asked to give it up | one looks whether it is there | one looks |
/// | found free | taken | taken; where it was held before, after the grace | taken |
/// | its holder says nothing | declared all the same; after 10 s it is another's | – | – |
/// | lost | asked for again, however long | its holder is asked; declared where there is none | the term is over |
/// | what it is for | goes on meanwhile | goes on; a dialled framework's for 2 s | ends |
/// | an error of the broker | tried again | tried again | ends the service |
public struct ClaimPolicy: Sendable {
    struct Approach: Sendable {
        /// How long its holder may take to answer; `nil`: it is not asked, a message only looks whether there is a
        /// queue.
        var patience: Duration?
        /// The same for the first question, and for those after a release was promised: a holder that gives the queue
        /// up may take a question away with it, so that one is asked again at once. Whoever says nothing then either
        /// may be our own connection that was lost: it is declared all the same; `nil`: neither.
        var haste: Duration?
        /// A holder that has been silent for so long keeps it.
        var silenceLimit: Duration?
        /// What was seen held is taken when it has been free for that long: its holder may only have lost the broker
        /// for a moment.
        var grace = Duration.zero
        /// Before the next look or question: where another has it, nothing could be told, or it could not be declared.
        var again, unknown, failed: Duration
    }

    /// Before it is ours for the first time.
    let contends: Approach
    /// After it went away under us; `nil`: what it was for is over.
    var regains: Approach?
    let messages: ClaimMessages
    let timing: ClaimTiming
    /// How long what it is for goes on after it was lost; `nil`: until another has it.
    var patience: Duration?
    var isAlwaysWanted = true
    /// What is delivered and not acknowledged; `nil`: whoever takes the claim consumes its queue, too.
    var prefetch: Int?
    /// An error of the broker that is no lack of a connection is the end.
    var failsWithBroker = false

    /// Of a bot's actions or events, at that edge: the newest link gets it.
    public static func bot(_ bot: SelfID, _ address: EdgeAddress, _ timing: ClaimTiming) -> Self {
        let again = timing.busAgainAfter
        var asks = Approach(
            patience: timing.askHolderFor, haste: again, again: again, unknown: again, failed: timing.againAfter)
        let regains = asks
        asks.silenceLimit = timing.holderPatience
        // More is taken than a link has room for: so that it refuses, instead of letting actions wait unseen in the
        // queue.
        return Self(
            contends: asks, regains: regains, messages: .bot(bot, address), timing: timing, isAlwaysWanted: false,
            prefetch: 8192)
    }

    /// Of an entry of `bots[]`, or of a target, at that edge.
    /// - Parameter patience: how long the work goes on after the claim was lost; `nil`: until another edge has it.
    public static func entry(_ address: EdgeAddress, _ timing: ClaimTiming, patience: Duration? = nil) -> Self {
        let (again, every) = (timing.busAgainAfter, timing.lookEvery)
        return Self(
            contends: Approach(grace: timing.grace, again: every, unknown: again, failed: every),
            regains: Approach(patience: timing.askHolderFor, again: again, unknown: again, failed: again),
            messages: .entry(address), timing: timing, patience: patience, prefetch: 64)
    }

    /// Of the registry at work, for one term.
    public static func term(_ timing: ClaimTiming = ClaimTiming()) -> Self {
        let every = timing.lookEvery
        return Self(
            contends: Approach(again: every, unknown: every, failed: every), messages: .registry, timing: timing,
            failsWithBroker: true)
    }
}
