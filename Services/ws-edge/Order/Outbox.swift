import NIOCore

/// What a link has for the bus, in the order it came: each parcel is kept until the bus has taken it or refused it for
/// good.
///
/// ```
/// add → waiting → published → settled (confirmed, or refused): forgotten
///          ↑___________| the connection was lost: everything not settled waits again, in its old order
/// ```
///
/// Closed (the bot's queue is not ours, or the bus takes nothing) it only takes in. Opened again, it gives out what was
/// published before first, then what came meanwhile, at most a window of it at a time. Consumers know a repeat by its
/// `message_id`.
///
/// The bot is to be read no further while the outbox ``isFull``. An open one is full from a window's worth until half
/// of that is settled. A closed one is full at the larger bound only, since nothing leaves it.
struct Outbox<Item> {
    /// The bounds, in parcels and bytes.
    struct Limits: Sendable {
        /// Published and not settled at a time; the bot is read on below half of it.
        var window = 256
        /// Kept while closed.
        var held = 4096
        /// In either case.
        var bytes = 64 << 20
    }

    private struct Entry {
        var bytes: Int
        /// The round it was last published in; `nil`: it waits.
        var round: UInt64?
        var isSettled = false
    }

    /// One publish of one parcel.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: UInt64
        fileprivate let round: UInt64
    }

    private let limits: Limits
    private var parcels = CircularBuffer<Item>()
    /// One for each parcel. They are kept apart from the parcels, which would else be copied with every look at an
    /// entry.
    private var entries = CircularBuffer<Entry>()
    /// The number of the first entry: numbers count up for ever.
    private var first: UInt64 = 0
    /// The number of the first entry that was not published in this round.
    private var next: UInt64 = 0
    /// Counts how often it was opened.
    private var round: UInt64 = 0
    private var inFlight = 0
    /// Parcels and bytes that are not settled.
    private(set) var count = 0
    private(set) var bytes = 0
    private(set) var isOpen = false
    private(set) var isFull = false

    init(_ limits: Limits = Limits()) { self.limits = limits }

    var isEmpty: Bool { count == 0 }

    /// Whether the bot is to be read.
    enum Reading: Sendable, Hashable { case asBefore, pause, resume }

    mutating func add(_ parcel: Item, bytes size: Int) -> Reading {
        parcels.append(parcel)
        entries.append(Entry(bytes: size))
        count += 1
        bytes += size
        return look()
    }

    /// The next parcel to publish now; `nil` while closed, with a window in flight, or where none waits.
    /// - Parameter finish: called with a parcel that is published for the first time; where that is published again, it
    ///   is as `finish` has left it.
    mutating func take(finishing finish: (inout Item) -> Void = { _ in }) -> (parcel: Item, ticket: Ticket)? {
        guard isOpen, inFlight < limits.window else { return nil }
        while next < first + UInt64(entries.count) {
            defer { next += 1 }
            let index = index(of: next)
            if entries[index].isSettled { continue }
            if entries[index].round == nil { parcels.modify(parcelIndex(of: next), finish) }
            entries[index].round = round
            inFlight += 1
            return (parcels[parcelIndex(of: next)], Ticket(number: next, round: round))
        }
        return nil
    }

    /// What was published with that ticket; `nil` where it is settled.
    subscript(ticket: Ticket) -> Item? {
        guard ticket.number >= first, !entries[index(of: ticket.number)].isSettled else { return nil }
        return parcels[parcelIndex(of: ticket.number)]
    }

    /// The bus will not take it: something else stands in its place, to be published at once with the same ticket.
    mutating func replace(_ ticket: Ticket, by parcel: Item, bytes size: Int) -> Reading {
        guard ticket.number >= first, !entries[index(of: ticket.number)].isSettled else { return .asBefore }
        let index = index(of: ticket.number)
        bytes += size - entries[index].bytes
        entries[index].bytes = size
        parcels[parcelIndex(of: ticket.number)] = parcel
        return look()
    }

    /// The bus took it, or will never.
    mutating func settle(_ ticket: Ticket) -> Reading {
        if ticket.round == round { inFlight -= 1 }
        guard ticket.number >= first, !entries[index(of: ticket.number)].isSettled else { return .asBefore }
        settle(at: index(of: ticket.number))
        forgetSettled()
        return look()
    }

    /// False where the outbox was closed or opened since. What is not settled goes out again then, so that of the
    /// earlier publish only a confirmation counts.
    func isOfThisRound(_ ticket: Ticket) -> Bool { isOpen && ticket.round == round }

    /// Nothing is published until ``open()``.
    mutating func close() -> Reading {
        isOpen = false
        return look()
    }

    /// From now on ``take()`` gives out everything that is not settled, from the oldest on. Nothing happens where it is
    /// open.
    mutating func open() -> Reading {
        guard !isOpen else { return .asBefore }
        isOpen = true
        round += 1
        inFlight = 0
        next = first
        return look()
    }

    /// Forgets those parcels: nobody will get them from us, unless they are on the way.
    /// - Returns: how many there were.
    mutating func drop(where isDropped: (Item) -> Bool) -> Int {
        var dropped = 0
        for (index, parcel) in zip(entries.indices, parcels) where !entries[index].isSettled && isDropped(parcel) {
            settle(at: index)
            dropped += 1
        }
        forgetSettled()
        return dropped
    }

    private mutating func settle(at index: CircularBuffer<Entry>.Index) {
        entries[index].isSettled = true
        count -= 1
        bytes -= entries[index].bytes
    }

    private mutating func forgetSettled() {
        while let oldest = entries.first, oldest.isSettled {
            entries.removeFirst()
            parcels.removeFirst()
            first += 1
        }
        next = max(next, first)
    }

    private mutating func look() -> Reading {
        let most = isOpen ? limits.window : limits.held
        if !isFull, count >= most || bytes >= limits.bytes {
            isFull = true
            return .pause
        }
        if isFull, count == 0 || (count < most / 2 && bytes < limits.bytes / 2) {
            isFull = false
            return .resume
        }
        return .asBefore
    }

    private func index(of number: UInt64) -> CircularBuffer<Entry>.Index {
        entries.index(entries.startIndex, offsetBy: Int(number - first))
    }

    private func parcelIndex(of number: UInt64) -> CircularBuffer<Item>.Index {
        parcels.index(parcels.startIndex, offsetBy: Int(number - first))
    }
}
