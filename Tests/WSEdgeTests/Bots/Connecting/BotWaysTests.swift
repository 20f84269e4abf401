import Bus
import Contracts
import NIOCore
import NIOHTTP1
import OneBot
import SettingsReading
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

/// How a bot and Perpetua may be connected.
enum BotWay: CaseIterable, Sendable, CustomTestStringConvertible {
    case dialledUniversal, dialledPair, reverseUniversal, reversePair

    var testDescription: String { "\(self)" }
}

@Suite("Bots by every way", .timeLimit(.minutes(1)))
struct BotWaysTests {
    /// The bot's ends of its connections.
    private struct Ends {
        let actions: BotPeer
        let events: BotPeer
    }

    /// Runs `body` with bot 10001 connected that way.
    private func with(_ way: BotWay, _ body: (BotBench, Ends) async throws -> Void) async throws {
        let servers = [try await BotPeerServer.start(), try await BotPeerServer.start()]
        var flags = [("bots[0].access_token", "sesame")]
        switch way {
        case .dialledUniversal: flags.append(("bots[0].url", servers[0].url))
        case .dialledPair: flags += [("bots[0].api_url", servers[0].url), ("bots[0].event_url", servers[1].url)]
        case .reverseUniversal, .reversePair: flags = []
        }
        try await BotBench.run(flags) { bench in
            let ends: Ends
            switch way {
            case .dialledUniversal:
                let bot = try await servers[0].nextPeer()
                ends = Ends(actions: bot, events: bot)
            case .dialledPair:
                ends = Ends(actions: try await servers[0].nextPeer(), events: try await servers[1].nextPeer())
            case .reverseUniversal:
                let bot = try await bench.dialIn(selfID: 10001)
                ends = Ends(actions: bot, events: bot)
            case .reversePair:
                ends = Ends(
                    actions: try await bench.dialIn(selfID: 10001, role: "API"),
                    events: try await bench.dialIn(selfID: 10001, role: "Event"))
            }
            switch way {
            case .dialledUniversal, .dialledPair:
                let login = try await ends.actions.nextAction()
                #expect(login.name == "get_login_info")
                ends.actions.send(#"{"status":"ok","retcode":0,"data":{"user_id":10001},"echo":\#(login.token)}"#)
                for server in servers.prefix(way == .dialledPair ? 2 : 1) {
                    #expect(server.headers[0]["Authorization"] == ["Bearer sesame"])
                }
            case .reverseUniversal, .reversePair: break
            }
            ends.events.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            try await bench.untilOnline(10001)
            try await body(bench, ends)
        }
        for server in servers { await server.stop() }
    }

    /// The echo of the next action of that name. We may have asked once more who the bot is.
    private func next(_ name: String, to bot: BotPeer) async throws -> String {
        while true {
            let action = try await bot.nextAction()
            if action.name == name { return action.token }
            try #require(action.name == "get_login_info")
        }
    }

    @Test("its events are published, an action reaches it and is answered", arguments: BotWay.allCases)
    func serves(way: BotWay) async throws {
        try await with(way) { bench, ends in
            try await eventually("an action finds the bot") {
                try await bench.call(10001, #"{"action":"probe"}"#, replyTo: nil).outcome == .confirmed
            }
            _ = try await next("probe", to: ends.actions)
            let call = try await bench.call(10001, #"{"action":"send_msg","params":{"a":1},"echo":"x"}"#)
            let token = try await next("send_msg", to: ends.actions)
            ends.actions.send(#"{"status":"ok","retcode":0,"data":null,"echo":\#(token)}"#)
            #expect(try await bench.answer(to: call.id).contains(#""echo":"x""#))
            ends.events.send(BotBench.event(10001, 2))
            #expect(try await bench.events(count: 2).map { String(buffer: $0.body) }.last == BotBench.event(10001, 2))
        }
    }

    @Test(
        "a newer link of the same account wins, and every connection of the old one is told why",
        arguments: BotWay.allCases)
    func newestWins(way: BotWay) async throws {
        try await with(way) { bench, ends in
            let newer = try await bench.dialIn(selfID: 10001)
            for old in [ends.actions, ends.events] {
                let ending = try await old.waitForEnding()
                #expect(ending.code == 1008)
                #expect(ending.reason.contains("replaced by a newer connection of bot 10001"))
            }
            newer.send(BotBench.event(10001, 3))
            #expect(try await bench.events(count: 2).map { String(buffer: $0.body) }.last == BotBench.event(10001, 3))
            #expect(bench.bot(10001)?.isOnline == true)
        }
    }

    @Test("of a dialled pair, the one that is lost is dialled again; the other stays as it is")
    func pairHeals() async throws {
        let servers = [try await BotPeerServer.start(), try await BotPeerServer.start()]
        let flags = [
            ("bots[0].api_url", servers[0].url), ("bots[0].event_url", servers[1].url), ("bots[0].self_id", "10001"),
        ]
        try await BotBench.run(flags) { bench in
            let api = try await servers[0].nextPeer()
            let events = try await servers[1].nextPeer()
            events.send(BotBench.event(10001, 1))
            _ = try await bench.events(count: 1)
            events.abort()
            let again = try await servers[1].nextPeer()
            again.send(BotBench.event(10001, 2))
            _ = try await bench.events(count: 2)
            try await bench.untilOnline(10001)
            #expect(api.ending == nil)
            #expect(servers[0].accepted == 1)
        }
        for server in servers { await server.stop() }
    }

    @Test(
        "half a pair, or a pair and a url, is a mistake",
        arguments: [["api_url"], ["event_url"], ["url", "api_url", "event_url"], ["url", "event_url"]])
    func mistakes(keys: [String]) async throws {
        let settings = Settings(flags: keys.map { ("bots[0].\($0)", "ws://h/\($0)") })
        _ = WSEdgeConfiguration(settings)
        #expect(settings.problems.map(\.key) == ["bots[0]"])
    }
}
