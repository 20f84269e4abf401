import NIOCore
import OneBot

/// Makes up events of every kind of OneBot 11. The same seed and times make the same events.
///
/// Kinds are dealt from a shuffled deck, so that every kind occurs within as many events as a deck holds.
struct EventGenerator: Sendable {
    static let deckSize = EventKind.allCases.reduce(0) { $0 + $1.share }

    private let account: Account
    private let samples: [[MessageSegment]]
    private var random: SeededGenerator
    private var deck: [EventKind] = []
    private var sampleDeck: [Int] = []

    init(account: Account, seed: UInt64) {
        self.account = account
        samples = MessageSegment.samples(selfID: account.selfID)
        random = SeededGenerator(seed: seed)
    }

    /// The next event. `time` is in seconds since 1970; a message is put into `memory`.
    mutating func next(at time: Int64, remembering memory: inout MessageMemory) -> ByteBuffer {
        if deck.isEmpty {
            deck = EventKind.allCases.flatMap { Array(repeating: $0, count: $0.share) }.shuffled(using: &random)
        }
        let kind = deck.removeLast()
        switch kind {
        case .privateMessage:
            return message(from: random.pick(account.friends), sample(), at: time, remembering: &memory)
        case .groupMessage:
            let group = random.pick(account.groups)
            return message(
                from: random.pick(others(in: group)), in: group, sample(), at: time, remembering: &memory)
        case .friendRequest, .groupRequest:
            return request(kind, at: time)
        case .groupUpload, .groupAdmin, .groupDecrease, .groupIncrease, .groupBan, .friendAdd, .groupRecall,
            .friendRecall, .poke, .luckyKing, .honor:
            return notice(kind, at: time)
        }
    }

    /// A message in a private chat.
    func message(
        from friend: Person, _ segments: [MessageSegment], at time: Int64, remembering memory: inout MessageMemory
    ) -> ByteBuffer {
        let id = memory.nextID()
        let message = ByteBuffer.array(segments.map(\.json))
        memory.remember(id, type: "private", sender: friend.privateSender, message: message, at: time)
        return event("message", at: time) { json in
            json.add("message_type", "private")
            json.add("sub_type", "friend")
            json.add("message_id", id)
            json.add("user_id", friend.userID)
            json.add("message", json: message)
            json.add("raw_message", segments.map(\.cqCode).joined())
            json.add("font", 0)
            json.add("sender", json: friend.privateSender)
        }
    }

    /// A message in a group.
    func message(
        from member: Group.Member, in group: Group, _ segments: [MessageSegment], at time: Int64,
        remembering memory: inout MessageMemory
    ) -> ByteBuffer {
        let id = memory.nextID()
        let message = ByteBuffer.array(segments.map(\.json))
        memory.remember(id, type: "group", sender: member.sender, message: message, at: time)
        return event("message", at: time) { json in
            json.add("message_type", "group")
            json.add("sub_type", "normal")
            json.add("message_id", id)
            json.add("group_id", group.groupID)
            json.add("user_id", member.person.userID)
            json.addNull("anonymous")
            json.add("message", json: message)
            json.add("raw_message", segments.map(\.cqCode).joined())
            json.add("font", 0)
            json.add("sender", json: member.sender)
        }
    }

    private mutating func sample() -> [MessageSegment] {
        if sampleDeck.isEmpty { sampleDeck = samples.indices.shuffled(using: &random) }
        return samples[sampleDeck.removeLast()]
    }

    private func others(in group: Group) -> [Group.Member] {
        group.members.filter { $0.person.userID != account.selfID.number }
    }

    private mutating func notice(_ kind: EventKind, at time: Int64) -> ByteBuffer {
        let group = random.pick(account.groups)
        let user = random.pick(others(in: group)).person.userID
        let isFirstWay = Bool.random(using: &random)
        return event("notice", at: time) { json in
            switch kind {
            case .groupUpload:
                json.add("notice_type", "group_upload")
                json.add(
                    "file",
                    json: .object { json in
                        json.add("id", "/6f8a1b2c")
                        json.add("name", "读我 read me.txt")
                        json.add("size", 4096)
                        json.add("busid", 102)
                    })
            case .groupAdmin:
                json.add("notice_type", "group_admin")
                json.add("sub_type", isFirstWay ? "set" : "unset")
            case .groupDecrease:
                json.add("notice_type", "group_decrease")
                json.add("sub_type", isFirstWay ? "leave" : "kick")
                json.add("operator_id", isFirstWay ? user : group.members[0].person.userID)
            case .groupIncrease:
                json.add("notice_type", "group_increase")
                json.add("sub_type", isFirstWay ? "approve" : "invite")
                json.add("operator_id", group.members[0].person.userID)
            case .groupBan:
                json.add("notice_type", "group_ban")
                json.add("sub_type", isFirstWay ? "ban" : "lift_ban")
                json.add("operator_id", group.members[0].person.userID)
                json.add("duration", isFirstWay ? 600 : 0)
            case .friendAdd:
                json.add("notice_type", "friend_add")
            case .groupRecall:
                json.add("notice_type", "group_recall")
                json.add("operator_id", user)
                json.add("message_id", 1)
            case .friendRecall:
                json.add("notice_type", "friend_recall")
                json.add("message_id", 1)
            case .poke, .luckyKing:
                json.add("notice_type", "notify")
                json.add("sub_type", kind == .poke ? "poke" : "lucky_king")
                json.add("target_id", account.selfID.number)
            case .honor:
                json.add("notice_type", "notify")
                json.add("sub_type", "honor")
                json.add("honor_type", isFirstWay ? "talkative" : "emotion")
            case .privateMessage, .groupMessage, .friendRequest, .groupRequest:
                preconditionFailure("\(kind) is no notice")
            }
            if kind != .friendAdd && kind != .friendRecall { json.add("group_id", group.groupID) }
            json.add("user_id", user)
        }
    }

    private mutating func request(_ kind: EventKind, at time: Int64) -> ByteBuffer {
        let isInvitation = Bool.random(using: &random)
        let flag = "flag-\(random.next() % 1_000_000)"
        let group = random.pick(account.groups)
        return event("request", at: time) { json in
            if kind == .groupRequest {
                json.add("request_type", "group")
                json.add("sub_type", isInvitation ? "invite" : "add")
                json.add("group_id", group.groupID)
            } else {
                json.add("request_type", "friend")
            }
            json.add("user_id", 20099)
            json.add("comment", "请通过，谢谢! \"please\"")
            json.add("flag", flag)
        }
    }

    private func event(
        _ postType: String, at time: Int64, _ write: (inout JSONObjectWriter) -> Void
    ) -> ByteBuffer {
        .object { json in
            json.add("time", time)
            json.add("self_id", account.selfID.number)
            json.add("post_type", postType)
            write(&json)
        }
    }
}
