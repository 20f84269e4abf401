import OneBot

/// Who is here, and who receives what: the sessions of one event loop, sorted by the bot they are bound to.
///
/// A fan-out walks one array; joining, leaving and binding cost the same however many are here.
struct HubState<Member: AnyObject> {
    private struct Entry {
        let member: Member
        var audience: Audience
        /// Where it stands in its audience's array.
        var index: Int
    }

    private var entries: [UInt64: Entry] = [:]
    private var audiences: [Audience: [UInt64]] = [:]
    private var members: [Audience: [Member]] = [:]
    /// The audiences that follow some bots. There are at most two for each token: members of a group have their own.
    private var mixed: [Audience: Set<SelfID>] = [:]
    /// How many sessions there are whose bot is not known yet. It is kept because it is asked with each event.
    private(set) var waitingCount = 0

    var count: Int { entries.count }
    var all: [Member] { entries.values.map(\.member) }

    subscript(id: UInt64) -> Member? { entries[id]?.member }

    mutating func add(_ member: Member, id: UInt64, to audience: Audience) {
        remove(id)
        switch audience {
        case .someBots(let bots), .sharing(.someBots(let bots)): mixed[audience] = bots
        case .bot, .everyBot, .sharing, .unbound, .none: break
        }
        audiences[audience, default: []].append(id)
        members[audience, default: []].append(member)
        if audience == .unbound { waitingCount += 1 }
        entries[id] = Entry(member: member, audience: audience, index: audiences[audience, default: []].count - 1)
    }

    mutating func remove(_ id: UInt64) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        let last = audiences[entry.audience, default: []].count - 1
        if entry.index != last, let moved = audiences[entry.audience]?[last] {
            audiences[entry.audience]?.swapAt(entry.index, last)
            members[entry.audience]?.swapAt(entry.index, last)
            entries[moved]?.index = entry.index
        }
        audiences[entry.audience]?.removeLast()
        members[entry.audience]?.removeLast()
        if entry.audience == .unbound { waitingCount -= 1 }
        if last == 0 {
            audiences[entry.audience] = nil
            members[entry.audience] = nil
            mixed[entry.audience] = nil
        }
    }

    func members(of audience: Audience) -> [Member] { members[audience] ?? [] }

    /// Calls `body` with everyone who receives the events of `bot`.
    func forEachRecipient(of bot: SelfID, _ body: (Member) -> Void) {
        if let bound = members[.bot(bot)] { for member in bound { body(member) } }
        if let following = members[.everyBot] { for member in following { body(member) } }
        for (audience, bots) in mixed where bots.contains(bot) && !audience.shares(bot) {
            for member in members[audience] ?? [] { body(member) }
        }
    }

    /// Calls `body` with everyone who hears what we say of `bot`: those who receive its events, and those who share
    /// them.
    func forEachFollower(of bot: SelfID, _ body: (Member) -> Void) {
        forEachRecipient(of: bot, body)
        for (audience, sharing) in members where audience.shares(bot) { for member in sharing { body(member) } }
    }

    /// Calls `body` with everyone who receives events of any bot.
    func forEachRecipient(_ body: (Member) -> Void) {
        for (audience, members) in members where audience != .none { for member in members { body(member) } }
    }

    /// The bots somebody here is bound to.
    var boundBots: [SelfID] {
        members.keys.compactMap { audience in
            switch audience {
            case .bot(let bot), .sharing(.bot(let bot)): bot
            case .everyBot, .someBots, .sharing, .unbound, .none: nil
            }
        } + mixed.values.flatMap(\.self)
    }

    /// Whether somebody here follows every bot.
    var followsEveryBot: Bool { members[.everyBot] != nil || members[.sharing(.everyBot)] != nil }

    mutating func move(_ id: UInt64, to audience: Audience) {
        guard let entry = entries[id] else { return }
        add(entry.member, id: id, to: audience)
    }
}
