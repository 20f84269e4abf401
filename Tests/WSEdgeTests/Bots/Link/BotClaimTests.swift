import Bus
import Claims
import Contracts
import Logging
import NIOCore
import NIOPosix
import OneBot
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("Several edges and one bot", .timeLimit(.minutes(1)))
struct BotClaimTests {
    private func withEdge<Result>(
        _ id: String, _ flags: [(key: String, value: String)] = [], on broker: InMemoryBroker,
        timing: BotTiming = BotBench.quick, _ body: (BotEdge) async throws -> Result
    ) async throws -> Result {
        let edge = try await BotEdge(id, flags, on: broker, timing: timing)
        do {
            let result = try await body(edge)
            await edge.stop()
            return result
        } catch {
            await edge.stop()
            throw error
        }
    }

    // MARK: bots[]

    @Test("of two edges with one entry of bots[] one dials; the other does when the first has stopped")
    func oneDials() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].self_id", "10001")]
        try await BotBench.run(flags) { bench in
            let first = try await server.nextPeer()
            try await bench.untilOnline(10001)
            try await withEdge("e2", flags, on: bench.broker) { second in
                try await eventually("it stands by") { second.hasLogged("stands by") }
                #expect(server.accepted == 1)
                await bench.edge.stop()
                #expect(try await first.waitForEnding().code == 1001)
                let next = try await server.nextPeer()
                try await second.untilOnline(10001)
                next.send(BotBench.event(10001, 1))
                _ = try await bench.events(count: 1)
                #expect(server.accepted == 2)
            }
        }
        await server.stop()
    }

    @Test("an edge that loses the broker for less than the grace keeps its bot, and the other edge stays away")
    func comesBackInTime() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].self_id", "10001")]
        var patient = BotBench.quick
        patient.claims.grace = .seconds(3600)
        try await BotBench.run(flags) { bench in
            let peer = try await server.nextPeer()
            try await bench.untilOnline(10001)
            try await withEdge("e2", flags, on: bench.broker, timing: patient) { second in
                try await eventually("it stands by") { second.hasLogged("stands by") }
                bench.edge.bus.lose()
                peer.send(BotBench.event(10001, 1))
                try await eventually("the loss is noticed") { bench.edge.hasLogged("claim is lost") }
                bench.edge.bus.restore()
                _ = try await bench.events(count: 1)
                #expect(peer.ending == nil)
                #expect(server.accepted == 1)
            }
        }
        await server.stop()
    }

    @Test("an edge that is cut off for longer loses its bot to the other: its link is closed, what it kept is dropped")
    func cutOff() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].self_id", "10001")]
        try await BotBench.run(flags) { bench in
            let old = try await server.nextPeer()
            old.send(BotBench.event(10001, 1))
            let before = try await bench.events(count: 1)[0]
            try await withEdge("e2", flags, on: bench.broker) { second in
                try await eventually("it stands by") { second.hasLogged("stands by") }
                bench.edge.bus.lose()
                try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
                old.send(BotBench.event(10001, 2))
                let new = try await server.nextPeer()
                try await second.untilOnline(10001)
                new.send(BotBench.event(10001, 3))
                let after = try await bench.events(count: 2)[1]
                bench.edge.bus.restore()
                _ = try await old.waitForEnding()
                try await bench.untilOffline(10001)
                new.send(BotBench.event(10001, 4))
                let events = try await bench.events(count: 3)
                #expect(try events.map { try JSONObject($0.body)["n"]?.int64 } == [1, 3, 4])
                #expect(after.properties.messageID != before.properties.messageID)
                var order = EventOrder()
                #expect(
                    events.map { order.verdict(on: $0.properties.messageID, of: SelfID(10001)) }
                        == [.pass, .passAfterGap(missed: nil), .pass])
                #expect(new.ending == nil)
                #expect(server.accepted == 2)
            }
        }
        await server.stop()
    }

    @Test("a bot's program runs on one edge at a time")
    func oneRuns() async throws {
        let flags = [("bots[0].command", "sleep 1000")]
        try await BotBench.run(flags) { bench in
            try await eventually("it runs") { bench.edge.hasLogged("program is started") }
            try await withEdge("e2", flags, on: bench.broker) { second in
                try await eventually("it stands by") { second.hasLogged("stands by") }
                #expect(!second.hasLogged("program is started"))
                await bench.edge.stop()
                try await eventually("the other runs it") { second.hasLogged("program is started") }
                #expect(bench.edge.hasLogged("program is stopped"))
            }
        }
    }

    @Test("an entry's claim has one name on every edge, and shows nothing of its url")
    func claimName() {
        var entry = BotConfiguration(url: "ws://h/?access_token=secret", command: [])
        let name = entry.claimName
        #expect(name == "6f0d5a7556a335e8")
        #expect(Exchanges().claimQueue(kind: "bot", name: name).text == "perpetua.claim.bot.\(name)")
        entry.selfID = 5
        #expect(entry.claimName == name)
        entry.url = nil
        entry.command = ["a", "b c"]
        let other = BotConfiguration(url: nil, command: ["a b", "c"])
        #expect(entry.claimName != other.claimName)
    }

    // MARK: One bot, two links

    @Test("a bot that dials in anew at another edge: the newest link wins, the old one is told why")
    func newestWins() async throws {
        try await BotBench.run { bench in
            let old = try await bench.dialIn(selfID: 10001)
            old.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            try await withEdge("e2", on: bench.broker) { second in
                let new = try await second.dialIn(selfID: 10001)
                new.send(BotBench.event(10001, 2))
                let ending = try await old.waitForEnding()
                #expect(ending.code == 1008)
                #expect(ending.reason == "replaced by a newer connection of bot 10001 at edge e2")
                try await bench.untilOffline(10001)
                try await second.untilOnline(10001)
                new.send(BotBench.event(10001, 3))
                let events = try await bench.events(count: 3)
                #expect(try events.map { try JSONObject($0.body)["n"]?.int64 } == [1, 2, 3])
                let call = try await bench.call(10001, #"{"action":"a"}"#)
                #expect(call.outcome == .confirmed)
                #expect(try await new.nextAction().name == "a")
            }
        }
    }

    @Test("an API and an Event connection that reach different edges serve one bot together")
    func splitPair() async throws {
        try await BotBench.run { bench in
            let api = try await bench.dialIn(selfID: 10001, role: "API")
            try await bench.untilOnline(10001)
            try await withEdge("e2", on: bench.broker) { second in
                let event = try await second.dialIn(selfID: 10001, role: "Event")
                try await second.untilOnline(10001)
                event.send(BotBench.event(10001, 1))
                _ = try await bench.events(count: 1)
                _ = try await bench.call(10001, #"{"action":"a"}"#)
                #expect(try await api.nextAction().name == "a")
                #expect(api.ending == nil && event.ending == nil)

                // The bot comes back with one connection for both: at this edge it takes the other edge's part over.
                let universal = try await second.dialIn(selfID: 10001)
                #expect(try await api.waitForEnding().code == 1008)
                universal.send(BotBench.event(10001, 2))
                _ = try await bench.events(count: 2)
                _ = try await bench.call(10001, #"{"action":"b"}"#)
                #expect(try await universal.nextAction().name == "b")
            }
        }
    }

    @Test("a holder that does not answer keeps the bot: the new link is closed with 1013")
    func silentHolder() async throws {
        var impatient = BotBench.quick
        impatient.claims.askHolderFor = .milliseconds(20)
        impatient.claims.holderPatience = .milliseconds(40)
        try await BotBench.run(timing: impatient) { bench in
            let queue = bench.exchanges.botQueue(SelfID(10001))
            try await bench.bus.declare(QueueDeclaration(queue, isExclusive: true))
            let bot = try await bench.dialIn(selfID: 10001)
            #expect(try await bot.waitForEnding().code == 1013)
            #expect(bench.bot(10001)?.isOnline == false)
        }
    }

    @Test("a holder that takes the question away with its queue is not waited for")
    func leavingHolder() async throws {
        var patient = BotBench.quick
        patient.claims.askHolderFor = .seconds(3600)
        try await BotBench.run(timing: patient) { bench in
            let queue = bench.exchanges.botQueue(SelfID(10001))
            try await bench.bus.declare(QueueDeclaration(queue, isExclusive: true))
            let asked = DeliveryRecorder()
            try await asked.consume(queue, from: bench.bus, on: MultiThreadedEventLoopGroup.singleton.next())
            _ = try await bench.dialIn(selfID: 10001)
            try await asked.texts(atLeast: 1)
            try await bench.bus.delete(queue)
            try await bench.untilOnline(10001)
        }
    }

    @Test("an edge that had lost the broker while the bot dialled in elsewhere closes its link with a reason")
    func olderLink() async throws {
        try await BotBench.run { bench in
            let old = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            bench.edge.bus.lose()
            try await eventually("the link knows") { bench.edge.hasLogged("they are kept") }
            // The frame behind the event shows that the event has come before the link ends, however busy the sockets'
            // threads are.
            old.send(BotBench.event(10001, 1), "{}")
            try await eventually("the event has come") { bench.edge.hasLogged("neither event nor response") }
            try await withEdge("e2", on: bench.broker) { second in
                let new = try await second.dialIn(selfID: 10001)
                try await second.untilOnline(10001)
                bench.edge.bus.restore()
                let ending = try await old.waitForEnding()
                #expect(ending.code == 1008)
                #expect(ending.reason == "another edge holds bot 10001 now")
                // The link's parts are refused one by one.
                let counts = {
                    bench.edge.log.entries.filter { $0.message.contains("Another edge holds the bot") }
                        .map { $0.metadata["count"] }
                }
                try await eventually("the event that was kept is counted", read: counts) { $0.contains("1") }
                new.send(BotBench.event(10001, 2))
                let events = try await bench.events(count: 1)
                #expect(try JSONObject(events[0].body)["n"]?.int64 == 2)
                #expect(new.ending == nil)
            }
        }
    }

    @Test("a link that hears of a higher epoch elsewhere starts another, so that consumers take its events")
    func overtaken() async throws {
        try await BotBench.run { bench in
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let future = try #require(bench.bot(10001)).epoch + 1_000_000
            bench.bots.heard(
                of: [
                    OnlineBot(
                        selfID: SelfID(10001), edge: EdgeAddress(edgeID: "e2", instance: "1"), epoch: future,
                        isOnline: false, configuredIndex: nil, isSupervised: false)
                ])
            try await eventually("it is reported", read: { bench.bot(10001)?.epoch }) { $0 ?? 0 > future }
            bot.send(BotBench.event(10001, 1))
            let event = try await bench.events(count: 1)[0]
            #expect(event.properties.messageID?.hasPrefix("\(try #require(bench.bot(10001)).epoch)-") == true)
        }
    }
}
