import Bus
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import OneBot
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("BotDialer: bots that are dialled", .timeLimit(.minutes(1)))
struct BotDialerTests {
    @Test("a bot is dialled with its token, learnt by asking, and dialled again when it is gone")
    func dial() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].access_token", "sesame")]
        try await BotBench.run(flags) { bench in
            let bot = try await server.nextPeer()
            #expect(server.headers[0]["Authorization"] == ["Bearer sesame"])
            bot.send(
                #"{"status":"ok","retcode":0,"data":{"user_id":10001},"echo":\#(try await bot.nextAction().token)}"#)
            try await bench.untilOnline(10001)
            #expect(bench.bot(10001)?.configuredIndex == 0)
            #expect(bench.bot(10001)?.isSupervised == false)
            bot.abort()
            try await bench.untilOffline(10001)
            let again = try await server.nextPeer()
            again.send(BotBench.event(10001, 1))
            try await bench.untilOnline(10001)
        }
        await server.stop()
    }

    @Test("a bot that comes back as another account is another bot, with the entry")
    func otherAccount() async throws {
        let server = try await BotPeerServer.start()
        try await BotBench.run([("bots[0].url", server.url)]) { bench in
            let bot = try await server.nextPeer()
            bot.send(BotBench.event(10001, 1))
            try await bench.untilOnline(10001)
            bot.close()
            let other = try await server.nextPeer()
            other.send(BotBench.event(10002, 1))
            try await bench.untilOnline(10002)
            #expect(bench.bot(10001)?.isOnline == false)
            #expect(bench.bot(10001)?.configuredIndex == nil)
            #expect(bench.bot(10002)?.configuredIndex == 0)
            let events = try await bench.events(count: 2)
            #expect(events.map(\.routingKey.text).map { $0.prefix(5) } == ["10001", "10002"])
        }
        await server.stop()
    }

    @Test("a bot that is absent at the start is dialled until it is there; the failure is a warning once")
    func absentAtStart() async throws {
        let port = try ReservedPort()
        let flags = [
            ("bots[0].url", "ws://user:hunter2@127.0.0.1:\(port.number)/?access_token=hunter2"),
            ("bots[0].self_id", "10001"),
        ]
        try await BotBench.run(flags) { bench in
            #expect(bench.bot(10001)?.isOnline == false)
            #expect(bench.bot(10001)?.epoch == 0)
            try await eventually("it was tried a few times") {
                bench.log.entries.filter { $0.message.contains("cannot be reached") }.count > 3
            }
            let failures = bench.log.entries.filter { $0.message.contains("cannot be reached") }
            #expect(failures.filter { $0.level == .warning }.count == 1)
            #expect(failures[0].metadata["reason"]?.contains("is the bot running") == true)
            #expect(!bench.log.entries.contains { "\($0)".contains("hunter2") })
            let server = try await BotPeerServer.start(port: port.number)
            _ = try await server.nextPeer()
            try await bench.untilOnline(10001)
            #expect(bench.reported.first?.isOnline == false)
            #expect(bench.reported.last?.isOnline == true)
            await server.stop()
        }
    }

    @Test("a wrong token is said so, and tried again for ever", arguments: [401, 403])
    func wrongToken(status: Int) async throws {
        let server = try await BotPeerServer.start()
        server.refuse(with: HTTPResponseStatus(statusCode: status))
        try await BotBench.run([("bots[0].url", server.url), ("bots[0].self_id", "10001")]) { bench in
            try await eventually("the failure is logged") {
                bench.log.entries.contains {
                    $0.level == .warning && $0.metadata["reason"]?.contains("access_token") == true
                }
            }
            server.refuse(with: nil)
            try await bench.untilOnline(10001)
        }
        await server.stop()
    }

    @Test("a bot that takes the connection and then refuses the token is said so")
    func refusedAfterUpgrade() async throws {
        let server = try await BotPeerServer.start()
        try await BotBench.run([("bots[0].url", server.url)]) { bench in
            for _ in 1...3 {
                let bot = try await server.nextPeer()
                bot.send(#"{"status":"failed","retcode":1403,"data":null,"message":"token","echo":null}"#)
                bot.close()
            }
            let warnings = try await eventually(
                "the refusals are logged",
                read: { bench.log.entries.filter { $0.message.contains("before it said who it is") } }
            ) { $0.count >= 2 }
            #expect(warnings.map(\.level).prefix(2) == [.warning, .debug])
            #expect(warnings[0].metadata["reason"]?.contains("access_token") == true)
        }
        await server.stop()
    }

    @Test("a bot that dialled in and falls silent is pinged, and given up after two pings")
    func pings() async throws {
        var timing = BotBench.quick
        timing.pingInterval = .milliseconds(200)
        try await BotBench.run(timing: timing) { bench in
            let silent = try await bench.dialIn(selfID: 1)
            silent.pauseReading()
            try await eventually("it comes and goes", read: { bench.reported }) { reports in
                reports.last?.isOnline == false && reports.contains { $0.isOnline }
            }
        }
    }

    @Test(
        "an unanswered ping says nothing of a connection that only takes events: some bots never read it",
        arguments: [true, false])
    func eventsAlone(isDialled: Bool) async throws {
        var timing = BotBench.quick
        timing.pingInterval = .milliseconds(100)
        let (server, actionsServer) = (try await BotPeerServer.start(), try await BotPeerServer.start())
        let flags =
            isDialled
            ? [
                ("bots[0].api_url", actionsServer.url), ("bots[0].event_url", server.url), ("bots[0].self_id", "1"),
            ] : []
        try await BotBench.run(flags, timing: timing) { bench in
            let events =
                isDialled ? try await server.nextPeer() : try await bench.dialIn(selfID: 1, role: "Event")
            events.pauseReading()
            try await bench.untilOnline(1)
            // This connection comes later, and is given up like the others.
            let actions = try await bench.dialIn(selfID: 2, role: "API")
            actions.pauseReading()
            try await bench.untilOnline(2)
            try await bench.untilOffline(2)
            events.send(BotBench.event(1, 1))
            _ = try await bench.events(count: 1)
            #expect(events.ending == nil)
            #expect(bench.reported.allSatisfy { $0.selfID != SelfID(1) || $0.isOnline || $0.epoch == 0 })
        }
        await server.stop()
        await actionsServer.stop()
    }

    @Test("a bot that was connected some other way is dialled as soon as that is gone")
    func otherWayGone() async throws {
        var timing = BotBench.quick
        timing.duplicateRedial = .seconds(3600)
        let server = try await BotPeerServer.start()
        try await BotBench.run([("bots[0].url", server.url), ("bots[0].self_id", "1")], timing: timing) { bench in
            let dialled = try await server.nextPeer()
            try await bench.untilOnline(1)
            let other = try await bench.dialIn(selfID: 1)
            #expect(try await dialled.waitForEnding().code == 1008)
            other.close()
            _ = try await server.nextPeer()
            try await bench.untilOnline(1)
        }
        await server.stop()
    }

    @Test("of two entries that lead to one bot the second is refused, and takes over when the first is gone")
    func duplicateEntries() async throws {
        let servers = [try await BotPeerServer.start(), try await BotPeerServer.start()]
        let flags = [("bots[0].url", servers[0].url), ("bots[1].url", servers[1].url)]
        try await BotBench.run(flags) { bench in
            let first = try await servers[0].nextPeer()
            first.send(BotBench.event(10001, 1))
            try await bench.untilOnline(10001)
            let second = try await servers[1].nextPeer()
            second.send(BotBench.event(10001, 1))
            #expect(try await second.waitForEnding().code == 1008)
            #expect(bench.log.entries.contains { $0.level == .error && $0.message.contains("Two entries") })
            #expect(first.ending == nil)
            #expect(bench.bot(10001)?.isOnline == true)
        }
        for server in servers { await server.stop() }
    }

    @Test("stopping closes the connection with 1001 and ends the redialling")
    func stop() async throws {
        let server = try await BotPeerServer.start()
        let peer = Handover<BotPeer>()
        try await BotBench.run([("bots[0].url", server.url), ("bots[0].self_id", "5")]) { bench in
            try await bench.untilOnline(5)
            peer.set(try await server.nextPeer())
        }
        #expect(try await peer.value?.waitForEnding().code == 1001)
        #expect(server.accepted == 1)
        await server.stop()
    }

    @Test("a bot that dials in with a wrong token, role or self_id is refused")
    func dialInRefused() async throws {
        try await BotBench.run([("bot_listener.access_token", "sesame")]) { bench in
            await #expect(throws: (any Error).self) { try await bench.dialIn(selfID: 1) }
            await #expect(throws: (any Error).self) { try await bench.dialIn(selfID: 1, token: "Bearer wrong") }
            await #expect(throws: (any Error).self) { try await bench.dialIn(selfID: -1, token: "Bearer sesame") }
            await #expect(throws: (any Error).self) {
                try await bench.dialIn(selfID: 1, role: "Boss", token: "Bearer sesame")
            }
            _ = try await bench.dialIn(selfID: 1, role: "uniVersal", token: "Bearer sesame")
            try await bench.untilOnline(1)
        }
    }
}
