public import Bus

/// What becomes of a claim, for whoever writes it down.
public enum ClaimNews: Sendable {
    /// Another has it; `isFirst`: which was not known.
    case held(isFirst: Bool)
    /// It could not be found out whose it is: why.
    case cannotTell(String)
    case cannotTake(MessageBusError, isFirst: Bool)
    /// The queue went away under us.
    case lost
    /// Another has it, and keeps it: why.
    case refused(String)
    /// It was lost for longer than what it is for may go on.
    case late
    case cannotGiveUp(any Error)
}
