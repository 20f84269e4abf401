import OneBot

/// What arrived of each bot's events, by their message ids `{epoch}-{sequence}`: lets the next one pass, drops what was
/// seen, declares what is missing (docs/contract.md §4).
struct EventOrder {
    private var last: [SelfID: (epoch: UInt64, sequence: UInt64)] = [:]
    /// The first link heard of, for bots that have not sent anything yet.
    private var links: [SelfID: UInt64] = [:]

    enum Verdict: Hashable {
        case pass
        /// Events are missing before this one; `nil`: nobody knows how many (the link was away meanwhile).
        case passAfterGap(missed: Int?)
        /// A repeat, or from a link that has been replaced.
        case drop
    }

    /// A bot's link is up: what comes by a later one comes after a gap, also where nothing came by this one.
    mutating func linked(_ bot: SelfID, epoch: UInt64) {
        if links[bot] == nil { links[bot] = epoch }
    }

    /// A message without such an id passes: nothing can be said of it.
    mutating func verdict(on messageID: String?, of bot: SelfID) -> Verdict {
        guard let messageID, let (epoch, sequence) = Self.parse(messageID) else { return .pass }
        guard let known = last[bot] else {
            last[bot] = (epoch, sequence)
            return links[bot].map { $0 < epoch } == true ? .passAfterGap(missed: nil) : .pass
        }
        if epoch < known.epoch || (epoch == known.epoch && sequence <= known.sequence) { return .drop }
        last[bot] = (epoch, sequence)
        if epoch > known.epoch { return .passAfterGap(missed: nil) }
        let missed = sequence - known.sequence - 1
        return missed == 0 ? .pass : .passAfterGap(missed: Int(clamping: missed))
    }

    private static func parse(_ id: String) -> (epoch: UInt64, sequence: UInt64)? {
        let parts = id.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1)
        guard parts.count == 2, let epoch = UInt64(Substring(parts[0])), let sequence = UInt64(Substring(parts[1]))
        else { return nil }
        return (epoch, sequence)
    }
}
