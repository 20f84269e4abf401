import NIOCore

/// Actions that wait for their turn, and the order of turns: the highest priority first; within one priority the askers
/// take turns; of one asker the oldest action whose chat may be spoken to. So what one asker sends to one chat stays in
/// order, and a chat that must wait holds up nothing but itself.
struct FairQueue<Item> {
    struct Entry {
        let item: Item
        /// In the order they came.
        let number: UInt64
        let arrived: NIODeadline
        let deadline: NIODeadline
        let bytes: Int
    }

    static var priorities: ClosedRange<Int> { 0...9 }

    private struct Line {
        let chat: PacedChat?
        var entries: CircularBuffer<Entry>
    }

    private struct Asker {
        let name: String
        var lines: [Line]
    }

    /// For each priority the askers that wait, in the order of their turns.
    private var levels = [[Asker]](repeating: [], count: priorities.count)
    private var countByChat: [PacedChat: Int] = [:]
    private var countByAsker: [String: Int] = [:]
    private(set) var count = 0
    private(set) var bytes = 0

    /// - Parameter priority: one above the highest counts as the highest.
    mutating func append(_ entry: Entry, from asker: String, to chat: PacedChat?, priority: Int) {
        let level = min(max(priority, Self.priorities.lowerBound), Self.priorities.upperBound)
        count += 1
        bytes += entry.bytes
        countByAsker[asker, default: 0] += 1
        if let chat { countByChat[chat, default: 0] += 1 }
        let fresh = Line(chat: chat, entries: [entry])
        guard let place = levels[level].firstIndex(where: { $0.name == asker }) else {
            levels[level].append(Asker(name: asker, lines: [fresh]))
            return
        }
        if let line = levels[level][place].lines.firstIndex(where: { $0.chat == chat }) {
            levels[level][place].lines[line].entries.append(entry)
        } else {
            levels[level][place].lines.append(fresh)
        }
    }

    /// Takes out the next one; its asker's next turn comes after everybody else's. `nil` where no chat that waits is
    /// ready.
    mutating func popFirst(where isReady: (PacedChat?) -> Bool) -> (entry: Entry, chat: PacedChat?)? {
        for level in levels.indices.reversed() {
            for place in levels[level].indices {
                guard let line = Self.oldest(levels[level][place].lines, isReady) else { continue }
                var asker = levels[level].remove(at: place)
                let (entry, chat) = (asker.lines[line].entries.removeFirst(), asker.lines[line].chat)
                if asker.lines[line].entries.isEmpty { asker.lines.remove(at: line) }
                if !asker.lines.isEmpty { levels[level].append(asker) }
                left(entry, asker.name, chat)
                return (entry, chat)
            }
        }
        return nil
    }

    private static func oldest(_ lines: [Line], _ isReady: (PacedChat?) -> Bool) -> Int? {
        lines.indices.filter { isReady(lines[$0].chat) }.min { left, right in
            (lines[left].entries.first?.number ?? .max) < (lines[right].entries.first?.number ?? .max)
        }
    }

    /// Takes out an action of the asker that has most waiting, if it has more than `limit`: the newest one of its
    /// lowest priority.
    mutating func removeLast(ofOneWithMoreThan limit: Int) -> Entry? {
        guard let (name, most) = countByAsker.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), most > limit,
            let level = levels.firstIndex(where: { $0.contains { $0.name == name } }),
            let place = levels[level].firstIndex(where: { $0.name == name })
        else { return nil }
        let lines = levels[level][place].lines
        guard
            let line = lines.indices.max(by: {
                (lines[$0].entries.last?.number ?? 0) < (lines[$1].entries.last?.number ?? 0)
            }), let entry = levels[level][place].lines[line].entries.popLast()
        else { return nil }
        if levels[level][place].lines[line].entries.isEmpty { levels[level][place].lines.remove(at: line) }
        if levels[level][place].lines.isEmpty { levels[level].remove(at: place) }
        left(entry, name, lines[line].chat)
        return entry
    }

    /// Takes out those whose deadline has come, in the order they came.
    mutating func removeExpired(at now: NIODeadline) -> [Entry] { removeAll { $0.deadline <= now } }

    /// Takes out everything, in the order it came.
    mutating func removeAll() -> [Entry] { removeAll { _ in true } }

    private mutating func removeAll(where isTaken: (Entry) -> Bool) -> [Entry] {
        var taken: [Entry] = []
        for level in levels.indices {
            for place in levels[level].indices {
                for line in levels[level][place].lines.indices {
                    let (entries, chat) = (
                        levels[level][place].lines[line].entries, levels[level][place].lines[line].chat
                    )
                    for entry in entries where isTaken(entry) {
                        left(entry, levels[level][place].name, chat)
                        taken.append(entry)
                    }
                    levels[level][place].lines[line].entries = CircularBuffer(entries.filter { !isTaken($0) })
                }
                levels[level][place].lines.removeAll { $0.entries.isEmpty }
            }
            levels[level].removeAll { $0.lines.isEmpty }
        }
        return taken.sorted { $0.number < $1.number }
    }

    private mutating func left(_ entry: Entry, _ asker: String, _ chat: PacedChat?) {
        count -= 1
        bytes -= entry.bytes
        if let before = countByAsker[asker] { countByAsker[asker] = before > 1 ? before - 1 : nil }
        guard let chat, let before = countByChat[chat] else { return }
        countByChat[chat] = before > 1 ? before - 1 : nil
    }

    /// The chats somebody waits to speak to; some come several times.
    var chats: some Sequence<PacedChat?> { levels.lazy.joined().flatMap { $0.lines.lazy.map(\.chat) } }

    func count(from asker: String) -> Int { countByAsker[asker] ?? 0 }

    /// How many wait for that chat.
    func count(of chat: PacedChat) -> Int { countByChat[chat] ?? 0 }

    var earliestDeadline: NIODeadline? {
        levels.joined().flatMap(\.lines).flatMap(\.entries).map(\.deadline).min()
    }
}
