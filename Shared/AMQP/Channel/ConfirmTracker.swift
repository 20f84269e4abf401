import Bus
import NIOCore

/// Publishes of one channel that the broker has not confirmed yet. Broker and tracker both number them from 1
/// (RabbitMQ, publisher confirms).
struct ConfirmTracker<Entry> {
    private struct Unconfirmed {
        let entry: Entry
        let bytes: Int
        let since: NIODeadline
        var isReturned = false
    }

    /// In the order of their tags; `nil`: settled out of turn.
    private var entries = CircularBuffer<Unconfirmed?>()
    private var firstTag: UInt64 = 1
    private(set) var count = 0
    private(set) var bytes = 0

    /// The tag of the next publish that is added.
    var nextTag: UInt64 { firstTag + UInt64(entries.count) }
    /// Since when the first of them waits.
    var oldest: NIODeadline? { entries.first??.since }

    mutating func add(_ entry: Entry, bytes size: Int, at now: NIODeadline) {
        entries.append(Unconfirmed(entry: entry, bytes: size, since: now))
        count += 1
        bytes += size
    }

    /// The broker sent it back: no queue wanted it. Its confirm comes after.
    mutating func returned(_ tag: UInt64) {
        guard let index = index(of: tag), entries[index] != nil else { return }
        entries[index]?.isReturned = true
    }

    /// Settles one, or (`multiple`) all up to it; tag 0 with `multiple` means all.
    /// - Returns: what ended, in order. Tags that were never given, or are settled already, add nothing.
    mutating func settle(_ tag: UInt64, multiple: Bool, accepted: Bool) -> [(Entry, PublishOutcome)] {
        var settled: [(Entry, PublishOutcome)] = []
        if multiple {
            let last = tag == 0 ? nextTag - 1 : min(tag, nextTag - 1)
            while firstTag <= last, !entries.isEmpty {
                if let item = pop() { settled.append((item.entry, outcome(item, accepted))) }
            }
        } else if let index = index(of: tag), let item = entries[index] {
            entries[index] = nil
            forget(item)
            settled.append((item.entry, outcome(item, accepted)))
        }
        while let first = entries.first, first == nil { _ = pop() }
        return settled
    }

    /// Takes out the first that fits, by what it is and its size in bytes.
    mutating func takeFirst(where fits: (Entry, Int) -> Bool) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.map { fits($0.entry, $0.bytes) } ?? false }),
            let item = entries[index]
        else {
            return nil
        }
        entries[index] = nil
        forget(item)
        return item.entry
    }

    /// Takes out, in order, those that fit and have waited since before `time`. Their outcome is not waited for any
    /// more.
    mutating func removeAll(since time: NIODeadline, where fits: (Entry) -> Bool) -> [Entry] {
        var removed: [Entry] = []
        for index in entries.indices {
            guard let item = entries[index], item.since < time, fits(item.entry) else { continue }
            entries[index] = nil
            forget(item)
            removed.append(item.entry)
        }
        while let first = entries.first, first == nil { _ = pop() }
        return removed
    }

    /// Those nobody will confirm any more, in order.
    mutating func removeAll() -> [Entry] {
        defer { self = ConfirmTracker() }
        return entries.compactMap { $0?.entry }
    }

    private mutating func pop() -> Unconfirmed? {
        firstTag += 1
        guard let item = entries.removeFirst() else { return nil }
        forget(item)
        return item
    }

    private mutating func forget(_ item: Unconfirmed) {
        count -= 1
        bytes -= item.bytes
    }

    private func outcome(_ item: Unconfirmed, _ accepted: Bool) -> PublishOutcome {
        if item.isReturned { return .unroutable }
        return accepted ? .confirmed : .notStored
    }

    private func index(of tag: UInt64) -> CircularBuffer<Unconfirmed?>.Index? {
        guard tag >= firstTag, tag < nextTag else { return nil }
        return entries.index(entries.startIndex, offsetBy: Int(tag - firstTag))
    }
}
