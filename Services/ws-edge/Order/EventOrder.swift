import OneBot

/// What arrived of each bot's events, by their message ids `{epoch}-{sequence}`: lets the next one pass, drops what was
/// seen, declares what is missing (docs/contract.md §4).
struct EventOrder {
    private var last: [SelfID: EventPosition] = [:]
    /// The first link heard of, for bots that have not sent anything yet.
    private var links: [SelfID: UInt64] = [:]

    enum Verdict: Hashable {
        case pass
        /// Events are missing before this one; `nil`: nobody knows how many (the link was away meanwhile).
        case passAfterGap(missed: Int?)
        /// A repeat, or from a link that has been replaced.
        case drop
    }

    /// A bot's link is up. Events of a later link come after a gap, also where none came by this one.
    mutating func linked(_ bot: SelfID, epoch: UInt64) {
        if links[bot] == nil { links[bot] = epoch }
    }

    /// A message without such an id passes: nothing can be said of it.
    mutating func verdict(on messageID: String?, of bot: SelfID) -> Verdict {
        guard let position = EventPosition(messageID: messageID) else { return .pass }
        guard let known = last[bot] else {
            last[bot] = position
            return links[bot].map { $0 < position.epoch } == true ? .passAfterGap(missed: nil) : .pass
        }
        guard position > known else { return .drop }
        last[bot] = position
        if position.epoch > known.epoch { return .passAfterGap(missed: nil) }
        let missed = position.sequence - known.sequence - 1
        return missed == 0 ? .pass : .passAfterGap(missed: Int(clamping: missed))
    }
}
