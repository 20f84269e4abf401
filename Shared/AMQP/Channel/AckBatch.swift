import NIOCore

/// Deliveries of one channel that the broker has no acknowledgement for yet, and which of them are to be acknowledged:
/// with as few frames as possible, and each tag once (a second acknowledgement would close the channel).
///
/// An acknowledgement is sent at the end of the turn it was asked for in, or with others a little later
/// (docs/decisions/0015).
struct AckBatch {
    /// When ``take()`` is to be called.
    enum Due: Int {
        /// An earlier acknowledgement has already seen to that.
        case settled
        /// ``longestWait`` from now at the latest.
        case later
        /// At the end of this turn.
        case now
    }

    fileprivate struct Item {
        let tag: UInt64
        var isAcknowledged = false
    }

    struct Ack: Hashable {
        let tag: UInt64
        let multiple: Bool
    }

    static let longestWait = TimeAmount.milliseconds(100)
    /// Well below the number of messages a publisher has under way. The broker may confirm a persistent message only
    /// once we acknowledge it, so that a publisher with fewer under way would wait for us.
    private static let most = 64

    /// In the order of their tags.
    private var items = CircularBuffer<Item>()
    /// With this many deliveries out, or more, no acknowledgement waits, so that the broker's window stays open.
    private let crowd: Int
    private var promised = Due.settled

    /// Whether every acknowledgement that was asked for has been sent.
    var isSent: Bool { promised == .settled }

    /// - Parameters:
    ///   - mayWait: whether acknowledgements may be sent later than they were asked for.
    ///   - prefetch: how many unacknowledged deliveries the broker allows; 0: any number.
    init(mayWait: Bool = false, prefetch: UInt16 = 0) {
        crowd = !mayWait ? 0 : prefetch == 0 ? Self.most : min(Self.most, Int(prefetch) / 8)
    }

    mutating func delivered(_ tag: UInt64) { items.append(Item(tag: tag)) }

    mutating func acknowledge(_ tag: UInt64) -> Due {
        guard let index = items.firstIndex(atOrAfter: tag), items[index].tag == tag, !items[index].isAcknowledged else {
            return .settled
        }
        items[index].isAcknowledged = true
        let due = items.count < crowd ? Due.later : .now
        guard due.rawValue > promised.rawValue else { return .settled }
        promised = due
        return due
    }

    mutating func take() -> [Ack] {
        promised = .settled
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
