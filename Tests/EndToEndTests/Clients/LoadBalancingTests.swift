import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Clients of a group share events", .timeLimit(.minutes(4)))
    struct LoadBalancingTests {
        private static let chats = 200

        /// Event `number` is of chat `number % chats`.
        private static func event(_ number: Int, of bot: FakeBot, padding: Int = 0) -> ByteBuffer {
            let pad = String(repeating: "x", count: padding)
            return ByteBuffer(
                string: #"{"time":1,"self_id":\#(bot.selfID),"post_type":"message","message_type":"group","#
                    + #""group_id":\#(30_000 + number % chats),"user_id":7,"number":\#(number),"raw_message":"\#(pad)"}"#
            )
        }

        private static func emit(_ numbers: ClosedRange<Int>, from bot: FakeBot, padding: Int = 0) async throws {
            try await bot.bot.emit(numbers: numbers) { event($0, of: bot, padding: padding) }
        }

        /// Sends one last event in each chat: when these have come, so have all before them in the same chats.
        private static func emitLast(after number: Int, from bot: FakeBot, to clients: [GroupClient]) async throws {
            try await emit(number + 1...number + chats, from: bot)
            try await eventually(within: .seconds(60), "the last event of each chat is there") {
                Set(clients.flatMap(\.numbers)).intersection(number + 1...number + chats).count
            } until: {
                $0 == chats
            }
        }

        private static func members(_ edges: ThreeEdges) async throws -> [GroupClient] {
            var members: [GroupClient] = []
            for edge in [0, 1, 2, 0] { members.append(try await .connect(to: edges.ws[edge] + "/?group=workers")) }
            return members
        }

        /// For each chat, who got its events, in the order of their numbers.
        private static func owners(_ clients: [GroupClient], of numbers: ClosedRange<Int>) -> [Int: [String]] {
            let got = clients.flatMap { client in client.numbers.map { ($0, client.appID) } }
            return Dictionary(grouping: got.filter { numbers.contains($0.0) }.sorted { $0.0 < $1.0 }) { $0.0 % chats }
                .mapValues { $0.map(\.1) }
        }

        @Test(
            "10 000 events of 200 chats for 4 members on 3 edges, one of them killed: none comes twice, what is missing had been written to the dead one, and nobody else's chats move",
            arguments: ThreeEdges.Bus.ofThisRun)
        func killed(bus: ThreeEdges.Bus) async throws {
            let events = 10_000
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: bus, bot: bot) { edges in
                    let members = try await Self.members(edges)
                    let (victim, others) = (members[1], [members[0], members[2], members[3]])
                    victim.die(after: 700)
                    try await GroupClient.areKnown(at: edges.ws)
                    try await Self.emit(1...events, from: bot)
                    try await victim.ended()
                    try await Self.emitLast(after: events, from: bot, to: others)

                    let all = members.flatMap(\.numbers)
                    #expect(all.count == Set(all).count, "an event came twice")
                    let missing = Set(1...events).subtracting(all).sorted()
                    let decided = edges.decisions.owners(in: "workers")
                    #expect(decided.count == events + Self.chats)
                    #expect(missing.allSatisfy { decided[$0] == victim.appID })
                    // The events that were meant for the victim: first those it got, then those that were written to it
                    // in vain, then those that others got instead.
                    let meant = decided.filter { $0.value == victim.appID }.map(\.key).sorted()
                    let (got, inherited) = (Set(victim.numbers), Set(others.flatMap(\.numbers)))
                    let fates = meant.map {
                        got.contains($0) ? "got" : inherited.contains($0) ? "inherited" : "missing"
                    }
                    #expect(got.isSubset(of: meant))
                    #expect(victim.numbers.count == 700)
                    let order = ["got", "missing", "inherited"]
                    #expect(
                        fates == fates.sorted { (order.firstIndex(of: $0) ?? 0) < (order.firstIndex(of: $1) ?? 0) },
                        "events are missing elsewhere than at the death")
                    // All others got all their own events, in order.
                    for member in others {
                        let own = decided.filter { $0.value == member.appID }.map(\.key).sorted()
                        #expect(member.numbers.filter { decided[$0] == member.appID } == own)
                        #expect(own.count > events / 10)
                    }
                    // Their chats stay where they were; each chat of the dead member goes to one other.
                    for (chat, owners) in Self.owners(members, of: 1...events + Self.chats) {
                        let (first, last) = (owners.first ?? "", owners.last ?? "")
                        if first == victim.appID {
                            #expect(last != victim.appID)
                            #expect(Set(owners).count == 2, "chat \(chat): \(Set(owners))")
                        } else {
                            #expect(Set(owners) == [first], "chat \(chat): \(Set(owners))")
                        }
                    }
                }
            }
        }

        @Test(
            "a member that leaves when it has had everything leaves no gap, also while the registry is away and nobody else hears of it",
            arguments: ThreeEdges.Bus.ofThisRun)
        func left(bus: ThreeEdges.Bus) async throws {
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: bus, bot: bot) { edges in
                    let members = try await Self.members(edges)
                    try await Self.emit(1...1_000, from: bot)
                    try await eventually(within: .seconds(60), "all have what is theirs") {
                        members.flatMap(\.numbers).count == 1_000
                    }
                    try await edges.loseRegistry()
                    try await members[2].close()
                    try await Self.emit(1_001...3_000, from: bot)
                    try await eventually(
                        within: .seconds(60), "nothing is missing", read: { members.flatMap(\.numbers) }
                    ) {
                        Set($0) == Set(1...3_000)
                    }
                    #expect(members.flatMap(\.numbers).count == 3_000)
                    let decided = edges.decisions.owners(in: "workers")
                    #expect(decided.contains { $0.key > 1_000 && $0.value == members[2].appID }, "it was not known")
                    for owners in Self.owners(members, of: 1_001...3_000).values { #expect(Set(owners).count == 1) }
                }
            }
        }

        @Test("who joins gets new chats; the others keep theirs", arguments: ThreeEdges.Bus.ofThisRun)
        func joined(bus: ThreeEdges.Bus) async throws {
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: bus, bot: bot) { edges in
                    var members: [GroupClient] = []
                    for edge in 0...1 { members.append(try await .connect(to: edges.ws[edge] + "/?group=g")) }
                    try await GroupClient.areKnown(at: edges.ws)
                    try await Self.emit(1...400, from: bot)
                    try await eventually("all are there") { members.flatMap(\.numbers).count == 400 }
                    let before = Self.owners(members, of: 1...400)
                    #expect(Set(before.values.flatMap(\.self)).count == 2)
                    members.append(try await .connect(to: edges.ws[2] + "/?group=g"))
                    try await GroupClient.areKnown(at: edges.ws)
                    try await Self.emit(401...800, from: bot)
                    try await bot.bot.emit(numbers: 801...1_000) { number in
                        ByteBuffer(
                            string:
                                #"{"post_type":"message","message_type":"private","user_id":\#(number),"number":\#(number)}"#
                        )
                    }
                    try await eventually("all are there") { [members] in members.flatMap(\.numbers).count == 1_000 }
                    #expect(Self.owners(members, of: 401...800) == before)
                    #expect(members[2].numbers.count > 20)
                    #expect(members[2].numbers.allSatisfy { $0 > 800 })
                }
            }
        }

        @Test("events that wait for a member that reads too slowly go to others when it is given up")
        func tooSlow() async throws {
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: .memory, bot: bot, [("edge", "{outbound_bytes: 1MiB}")]) { edges in
                    let members = try await Self.members(edges)
                    try await members[0].stopReading()
                    let (slow, others) = (members[0], Array(members.dropFirst()))
                    var isGivenUp = false
                    // More than the sockets' buffers hold, but in pieces, so that no other client is too slow.
                    for end in stride(from: 50, through: 2_000, by: 50) {
                        try await Self.emit(end - 49...end, from: bot, padding: 32 << 10)
                        try await eventually(within: .seconds(60), "the others have what is theirs") {
                            let decided = edges.decisions.owners(in: "workers")
                            let theirs = decided.filter { $0.value != slow.appID }.map(\.key)
                            return decided.count == end
                                && Set(theirs).isSubset(of: others.flatMap(\.numbers))
                        }
                        if !isGivenUp, slow.ledger.ending == nil {
                            let decided = edges.decisions.owners(in: "workers")
                            isGivenUp = others.contains { $0.numbers.contains { decided[$0] == slow.appID } }
                            // The bytes that were written to it are still there, and behind them the close frame.
                            if isGivenUp { try await slow.resumeReading() }
                        }
                    }
                    #expect(isGivenUp)
                    try await Self.emitLast(after: 2_000, from: bot, to: others)
                    let ending = try await members[0].ended()
                    #expect(ending?.code == 1013)
                    let all = members.flatMap(\.numbers)
                    #expect(Set(all).count == all.count)
                    #expect(
                        Set(all) == Set(1...2_000 + Self.chats), "what was written can still be read: nothing is lost")
                }
            }
        }

        @Test(
            "groups are independent of each other, and those without a group get everything; our own events go to all")
        func others() async throws {
            try await withFakeBot { bot in
                try await ThreeEdges.run(on: .memory, bot: bot, [("heartbeat_interval", "50ms")]) { edges in
                    let members = try await Self.members(edges)
                    let log = try await GroupClient.connect(to: edges.ws[1] + "/?group=log&self_id=*")
                    let alone = try await FakeClient.connect(to: edges.ws[2])
                    _ = try await alone.nextEvent("meta_event", "lifecycle")
                    try await Self.emit(1...400, from: bot)
                    try await eventually("all are there") { members.flatMap(\.numbers).count == 400 }
                    try await eventually("all are there") { log.numbers == Array(1...400) }
                    _ = try await alone.next("event 400") { $0.int("number") == 400 }
                    let unread = try await alone.unread
                    #expect(unread.compactMap { $0.int("number") } == Array(1...399))
                    _ = try await alone.call("send_broadcast_data", params: #"{"data":"hello"}"#, echo: "1")
                    for member in members + [log] {
                        try await eventually("our own events come to everybody", read: { member.ledger.ours }) {
                            $0["broadcast"] == 1 && $0["heartbeat", default: 0] > 1
                                && $0["client_status", default: 0] > 0
                        }
                    }
                    let list = try await alone.call("get_online_clients", echo: "2")
                    let clients = try #require(list.json?["data"]?.object?["clients"]?.array).compactMap(\.object)
                    #expect(
                        clients.compactMap { $0["group"]?.string }.sorted() == ["log"]
                            + Array(repeating: "workers", count: 4))
                }
            }
        }

        @Test("a group's name that is none is refused")
        func badName() async throws {
            try await withPerpetua { perpetua in
                do {
                    _ = try await FakeClient.connect(to: perpetua.ws + "/?group=a%20b")
                    Issue.record("It was let in.")
                } catch let error as DialError {
                    guard case .refused(_, let status, let body) = error else { throw error }
                    #expect(status == 400)
                    #expect(body.contains("A-Z, a-z, 0-9"))
                }
            }
        }
    }
}
