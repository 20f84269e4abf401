import Bus
import Contracts
import NIOCore
import OneBot
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("A client's session", .timeLimit(.minutes(1)))
struct ClientSessionTests {
    @Test("an action that needs its bot looked up is not overtaken by one behind it that does not")
    func lookups() async throws {
        try await SessionBench.run { bench in
            func snapshot(_ sequence: UInt64, _ bots: Int64...) -> PresenceSnapshot {
                PresenceSnapshot(
                    registryEpoch: 1, sequence: sequence, edges: [bench.edge], clients: [],
                    bots: bots.map { .fixture($0, at: bench.edge) })
            }
            let bots = try await bench.bots(1, 2)
            _ = bench.presence.replace(with: snapshot(1, 1))
            bench.registry.snapshot = snapshot(2, 1, 2)
            try await bench.receive(
                #"{"action":"first","params":{"self_id":2}}"#, #"{"action":"second","params":{"self_id":1}}"#,
                #"{"action":"third","params":{"self_id":2}}"#)
            #expect(bots.deliveries.isEmpty, "the registry knows of bot 2, and that is still on its way here")
            _ = bench.presence.replace(with: snapshot(2, 1, 2))
            try await eventually("all have gone to their bots") { bots.deliveries.count >= 3 }
            let names = try bots.deliveries.map { try Action(parsing: $0.body).name }
            #expect(names == ["first", "second", "third"])
        }
    }

    @Test("one whose bot is not found is refused in its place, and said not to have been carried out")
    func lookedUpInVain() async throws {
        try await SessionBench.run { bench in
            let bots = try await bench.bots(1)
            await bench.registry.close()
            try await bench.receive(
                #"{"action":"first","params":{"self_id":2},"echo":1}"#, #"{"action":"second","echo":2}"#)
            let refused = try await eventually("both are refused") {
                try await bench.sent.map { try JSONObject(ByteBuffer(string: $0)) }
            } until: {
                $0.count == 2
            }
            #expect(refused.map { $0["echo"]?.int64 } == [1, 2])
            #expect(refused.map { $0["retcode"]?.int64 } == [1503, 1503])
            #expect(refused.map(\.carriedOut) == ["no", "no"])
            #expect(bots.deliveries.isEmpty)
        }
    }

    @Test(
        "what it held of bots that turn out not to be its own it never gets, whichever bot is told of first",
        arguments: [[1], [2, 1], [2, 3, 1]])
    func heldOfOthers(told: [Int64]) async throws {
        try await SessionBench.run { bench in
            try await bench.onLoop { parts in
                for (number, bot) in [2, 1, 3, 1].enumerated() {
                    let frames = HubFrame.encode(ByteBuffer(string: #"{"n":\#(number),"self_id":\#(bot)}"#))
                    parts.session.feed.hold(.events(SelfID(Int64(bot)), frames: frames, count: 1))
                }
                for bot in told { parts.session.known(SelfID(bot), isDefault: bot == 1) }
            }
            let sent = try await bench.sent
            #expect(sent.first?.contains("lifecycle") == true)
            #expect(sent.dropFirst() == [#"{"n":1,"self_id":1}"#, #"{"n":3,"self_id":1}"#])
        }
    }

    @Test("an answer that is lost on its way is 1504 a second after the bot's time is over, and not before")
    func lostAnswer() async throws {
        try await SessionBench.run { bench in
            let bots = try await bench.bots(1)
            _ = bench.presence.replace(
                with: PresenceSnapshot(
                    registryEpoch: 1, sequence: 1, edges: [bench.edge], clients: [],
                    bots: [.fixture(1, at: bench.edge)]))
            let asked = NIODeadline.now()
            try await bench.receive(#"{"action":"get_status","params":{"self_id":1},"echo":7}"#)
            _ = try await bots.delivery()
            try await bench.onLoop { $0.session.tick(now: asked + .seconds(60)) }
            #expect(try await bench.sent.isEmpty, "the bot's edge has not said so yet")
            try await bench.onLoop { $0.session.tick(now: .now() + .seconds(61)) }
            let answer = try #require(try await bench.sent.first.map { try JSONObject(ByteBuffer(string: $0)) })
            #expect(answer["retcode"]?.int64 == 1504)
            #expect(answer["echo"]?.int64 == 7)
        }
    }

    // MARK: Members of a group

    private static let member: ClientUpgrade = {
        var upgrade = ClientUpgrade()
        upgrade.group = "g"
        return upgrade
    }()

    /// Records which of its events were handed back.
    private final class Orphans: Sendable {
        private let ids = Mutex<[String]>([])
        var all: [String] { ids.withLock { $0 } }

        func event(_ number: Int, of bench: SessionBench, bytes: Int = 10) -> GroupedEvent {
            GroupedEvent(
                place: GroupRouting.Place(bot: SelfID(1), group: "g", chat: .none), messageID: "1-\(number)",
                owner: GroupMember(appID: "a", edge: bench.edge, sessionID: 1),
                frames: HubFrame.encode(ByteBuffer(string: #"{"n":\#(number)}"# + String(repeating: " ", count: bytes)))
            ) { event in self.ids.withLock { $0.append(event.messageID) } }
        }
    }

    @Test("what a member held before its lifecycle is for the others when it goes")
    func heldByMember() async throws {
        try await SessionBench.run(Self.member) { bench in
            let orphans = Orphans()
            let events = (1...3).map { orphans.event($0, of: bench) }
            try await bench.onLoop { parts in
                for event in events { parts.session.feed.receive(event) }
                #expect(orphans.all.isEmpty)
                parts.session.close(.tryAgainLater("gone"))
            }
            #expect(orphans.all == ["1-1", "1-2", "1-3"])
            #expect(try await bench.sent.isEmpty)
        }
    }

    @Test("a member that falls behind while it is given what it had held: each event is handed on once, none is lost")
    func behindWithHeld() async throws {
        try await SessionBench.run(Self.member, outboundBytes: 1_000) { bench in
            let orphans = Orphans()
            let events = (1...4).map { orphans.event($0, of: bench, bytes: 400) }
            try await bench.onLoop { parts in
                for event in events { parts.session.feed.receive(event) }
                parts.connection.isWritable = false
                parts.session.known(SelfID(1), isDefault: true)
            }
            #expect(orphans.all.sorted() == ["1-1", "1-2", "1-3", "1-4"])
            #expect(try await bench.onLoop { $0.connection.closing?.code } == 1013)
        }
    }

    @Test("what was written to a member stays its own; what waited for it is handed on when it falls behind")
    func behind() async throws {
        try await SessionBench.run(Self.member, outboundBytes: 1_000) { bench in
            let orphans = Orphans()
            let events = (1...4).map { orphans.event($0, of: bench, bytes: 400) }
            try await bench.onLoop { parts in
                parts.session.known(SelfID(1), isDefault: true)
                parts.session.feed.receive(events[0])
                parts.connection.isWritable = false
                for event in events[1...] { parts.session.feed.receive(event) }
            }
            #expect(orphans.all.sorted() == ["1-2", "1-3", "1-4"])
            #expect(try await bench.sent.contains { $0.hasPrefix(#"{"n":1}"#) })
        }
    }
}
