import Actions
import Bus
import Contracts
import OneBot

/// What a link is given by ``Bots``.
struct LinkServices: Sendable {
    var timeout: @Sendable (String) -> Duration
    var pacing: PacingConfiguration
    var breaker: BreakerConfiguration
    /// The largest message that the bus takes.
    var maxMessageBytes = Int.max
    /// Milliseconds since 1970.
    var utcMilliseconds: @Sendable () -> UInt64
    /// The epoch of the bot's latest link at another edge, as far as presence knows; 0: none.
    var newestElsewhere: @Sendable (SelfID) -> UInt64
    /// Which member of each group an event is for; `nil` where there is no group.
    var stamp: @Sendable (SelfID, Message) -> GroupStamp?
    /// Told with each change, on the link's event loop.
    var changed: @Sendable (_ link: BotLink, _ epoch: UInt64, _ isOnline: Bool) -> Void
}
