import DequeModule
import OneBot

/// Events that wait behind a lifecycle that cannot be sent yet. They are bounded: the oldest goes first, and what is
/// missing then of a bot's events is declared.
struct HeldItems {
    static let maxItems = 4_096
    static let maxBytes = 16 << 20

    private let limit: (items: Int, bytes: Int)
    private var items: Deque<ClientItem> = []
    private var bytes = 0
    /// How many events of a bot had to go; `nil`: nobody knows how many.
    private var missed: [SelfID: Int?] = [:]

    init(maxItems: Int = Self.maxItems, maxBytes: Int = Self.maxBytes) {
        limit = (maxItems, maxBytes)
    }

    /// - Returns: how many events had to go.
    mutating func append(_ item: ClientItem) -> Int {
        items.append(item)
        bytes += item.bytes
        var dropped = 0
        while items.count > limit.items || (bytes > limit.bytes && items.count > 1), let oldest = items.popFirst() {
            bytes -= oldest.bytes
            dropped += miss(oldest)
        }
        return dropped
    }

    /// Takes out the events that others of a group may still be given.
    mutating func takeGrouped() -> [GroupedEvent] {
        var grouped: [GroupedEvent] = []
        items.removeAll { item in
            guard case .grouped(let event) = item else { return false }
            bytes -= item.bytes
            grouped.append(event)
            return true
        }
        return grouped
    }

    /// Leaves out the events of those bots: they are not for this client.
    /// - Returns: those that others of a group are to be given.
    mutating func leaveOut(where isLeftOut: (SelfID) -> Bool) -> [GroupedEvent] {
        guard !items.isEmpty || !missed.isEmpty else { return [] }
        var others: [GroupedEvent] = []
        missed = missed.filter { !isLeftOut($0.key) }
        items.removeAll { item in
            guard let bot = item.bot, isLeftOut(bot) else { return false }
            bytes -= item.bytes
            if case .grouped(let event) = item { others.append(event) }
            return true
        }
        return others
    }

    /// What waits, in order; first the gaps, where something had to go.
    var all: [ClientItem] {
        let gaps = missed.filter { $0.value != 0 }.sorted { $0.key < $1.key }
        return gaps.map { ClientItem.own(.gap(EventGap(of: $0.key, missed: $0.value))) } + items
    }

    mutating func takeAll() -> [ClientItem] {
        defer {
            items.removeAll()
            missed.removeAll()
            bytes = 0
        }
        return all
    }

    /// - Returns: how many events of a bot, or of ours, that was.
    private mutating func miss(_ item: ClientItem) -> Int {
        switch item {
        case .events(let bot, _, let count):
            miss(count, of: bot)
            return count
        case .grouped(let event): miss(1, of: event.place.bot)
        case .own(let event): if case .gap(let gap) = event { miss(gap.missed, of: gap.source) }
        }
        return 1
    }

    private mutating func miss(_ count: Int?, of bot: SelfID) {
        let before = missed[bot, default: 0]
        // Counts come from other programs, too: a sum that overflows is not known.
        let sum = before.flatMap { before in count.map { before.addingReportingOverflow($0) } }
        missed[bot] = .some(sum.flatMap { $0.overflow ? nil : $0.partialValue })
    }
}
