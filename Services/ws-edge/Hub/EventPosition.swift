/// Which of a bot's events it is, as its `message_id` says: `{epoch}-{sequence}` (docs/contract.md §4).
struct EventPosition: Hashable, Comparable {
    var epoch: UInt64
    var sequence: UInt64

    init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    init?(messageID: String?) {
        guard let parts = messageID?.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1), parts.count == 2,
            let epoch = UInt64(Substring(parts[0])), let sequence = UInt64(Substring(parts[1]))
        else { return nil }
        self.init(epoch: epoch, sequence: sequence)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.sequence) < (right.epoch, right.sequence)
    }
}
