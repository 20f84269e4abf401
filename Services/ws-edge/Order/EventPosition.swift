/// Which of a bot's events it is, as its `message_id` says: `{epoch}-{sequence}` (docs/contract.md §4).
struct EventPosition: Hashable, Comparable {
    var epoch: UInt64
    var sequence: UInt64

    init(epoch: UInt64, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    init?(messageID: String?) {
        guard let text = messageID, let dash = text.utf8.firstIndex(of: UInt8(ascii: "-")),
            let epoch = UInt64(text[..<dash]), let sequence = UInt64(text[text.utf8.index(after: dash)...])
        else { return nil }
        self.init(epoch: epoch, sequence: sequence)
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.epoch, left.sequence) < (right.epoch, right.sequence)
    }
}
