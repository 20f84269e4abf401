import NIOCore

/// Deliveries of one channel that are not acknowledged yet, and those of them that are to be at the end of this turn: as few
/// frames as possible, and each tag once (a second acknowledgement would close the channel).
struct AckBatch {
    fileprivate struct Item {
        let tag: UInt64
        var isAcknowledged = false
    }

    struct Ack: Hashable {
        let tag: UInt64
        let multiple: Bool
    }

    /// In the order of their tags.
    private var items = CircularBuffer<Item>()
    private var hasNew = false

    mutating func delivered(_ tag: UInt64) { items.append(Item(tag: tag)) }

    /// - Returns: true where it is the first of this turn: then ``take()`` is to be called at its end.
    mutating func acknowledge(_ tag: UInt64) -> Bool {
        guard let index = items.firstIndex(atOrAfter: tag), items[index].tag == tag, !items[index].isAcknowledged else {
            return false
        }
        items[index].isAcknowledged = true
        defer { hasNew = true }
        return !hasNew
    }

    mutating func take() -> [Ack] {
        hasNew = false
        var acks: [Ack] = []
        var prefix: (tag: UInt64, count: Int)?
        while let first = items.first, first.isAcknowledged {
            items.removeFirst()
            prefix = (first.tag, (prefix?.count ?? 0) + 1)
        }
        if let prefix { acks.append(Ack(tag: prefix.tag, multiple: prefix.count > 1)) }
        guard items.contains(where: \.isAcknowledged) else { return acks }
        acks += items.filter(\.isAcknowledged).map { Ack(tag: $0.tag, multiple: false) }
        items.removeAll { $0.isAcknowledged }
        return acks
    }
}

extension CircularBuffer<AckBatch.Item> {
    /// By bisection: the tags grow.
    fileprivate func firstIndex(atOrAfter tag: UInt64) -> Index? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[index(startIndex, offsetBy: middle)].tag < tag { low = middle + 1 } else { high = middle }
        }
        return low < count ? index(startIndex, offsetBy: low) : nil
    }
}
