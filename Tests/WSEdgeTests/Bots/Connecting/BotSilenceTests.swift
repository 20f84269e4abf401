import Logging
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("A bot that connects and then says nothing", .timeLimit(.minutes(1)))
struct BotSilenceTests {
    private static var timing: BotTiming {
        var timing = BotBench.quick
        timing.firstWords = .milliseconds(100)
        return timing
    }

    private func warnings(_ bench: BotBench) -> [BotLog.Entry] {
        bench.log.entries.filter { $0.level == .warning && $0.message.contains("cannot be used") }
    }

    @Test("is told of once, with what to look at, and no more once it speaks")
    func dialled() async throws {
        let server = try await BotPeerServer.start()
        let url = server.url.replacing("ws://", with: "ws://u:hunter2@") + "wrong?access_token=hunter2"
        try await BotBench.run([("bots[0].url", url)], timing: Self.timing) { bench in
            var peer = try await server.nextPeer()
            let trouble = try await eventually("it is told of", read: { bench.bots.troubles }) { !$0.isEmpty }
            #expect(trouble.count == 1)
            for word in ["bots[0]", "silent", "path", "LLBot", "/event"] { #expect(trouble[0].contains(word)) }
            let told = try await eventually("the log says so", read: { warnings(bench) }) { !$0.isEmpty }
            #expect(told.map { $0.metadata["reason"] } == trouble)
            // When it connects anew and is silent again, that is not news.
            peer.close()
            peer = try await server.nextPeer()
            try await eventually("it is seen again") {
                bench.log.entries.contains { $0.level == .debug && $0.message.contains("cannot be used") }
            }
            #expect(warnings(bench).count == 1)
            peer.send(BotBench.event(10001, 1))
            try await bench.untilOnline(10001)
            #expect(bench.bots.troubles.isEmpty)
            try await eventually("the log says so") {
                bench.log.entries.contains { $0.level == .notice && $0.message.contains("made itself known") }
            }
            #expect(!bench.log.entries.contains { "\($0)".contains("hunter2") })
        }
        await server.stop()
    }

    @Test("one that answers, and does not say who it is, is told of as that")
    func nameless() async throws {
        try await BotBench.run(timing: Self.timing) { bench in
            let bot = try await bench.dialIn()
            let question = try await bot.nextAction()
            #expect(question.name == "get_login_info")
            bot.send(#"{"status":"failed","retcode":1200,"data":null,"echo":\#(question.token)}"#)
            let trouble = try await eventually("it is told of", read: { bench.bots.troubles }) { !$0.isEmpty }
            #expect(trouble[0].contains("127.0.0.1") && trouble[0].contains("logged in"))
            bot.close()
            try await eventually("what is gone is no trouble") { bench.bots.troubles.isEmpty }
        }
    }

    @Test("one whose account is known is asked whether it is there; silent, its actions fail at once with the reason")
    func known() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].self_id", "10001"), ("breaker.probe_interval", "10m")]
        try await BotBench.run(flags, timing: Self.timing) { bench in
            let bot = try await server.nextPeer()
            try await bench.untilOnline(10001)
            let question = try await bot.nextAction()
            #expect(question.name == "get_login_info")
            try await eventually("it counts as silent", read: { bench.bots.silent }) { $0 == [SelfID(10001)] }
            #expect(bench.bots.troubles.count == 1)
            let call = try await bench.call(10001, #"{"action":"get_friend_list","echo":1}"#)
            let refused = try JSONObject(ByteBuffer(string: try await bench.answer(to: call.id)))
            #expect(refused["retcode"]?.int64 == 1503)
            #expect(refused.carriedOut == "no")
            #expect(refused["msg"]?.string?.contains(bench.bots.troubles[0]) == true)
            let answers = bench.answers.count
            bot.send(#"{"status":"ok","retcode":0,"data":{"user_id":10001},"echo":\#(question.token)}"#)
            try await eventually("it is no trouble any more") {
                bench.bots.troubles.isEmpty && bench.bots.silent.isEmpty
            }
            #expect(bench.answers.count == answers, "our own question is nobody else's business")
            // Any frame of the bot ends its silence.
            bot.close()
            let back = try await server.nextPeer()
            try await eventually("it counts as silent again", read: { bench.bots.silent }) { !$0.isEmpty }
            back.send(BotBench.event(10001, 1))
            try await eventually("and no more") { bench.bots.troubles.isEmpty && bench.bots.silent.isEmpty }
        }
        await server.stop()
    }

    @Test("one that answers our question is no trouble, however little it says")
    func taciturn() async throws {
        let server = try await BotPeerServer.start()
        let flags = [("bots[0].url", server.url), ("bots[0].self_id", "10001")]
        var timing = Self.timing
        timing.firstWords = .seconds(2)
        try await BotBench.run(flags, timing: timing) { bench in
            let bot = try await server.nextPeer()
            let question = try await bot.nextAction()
            bot.send(#"{"status":"ok","retcode":0,"data":{"user_id":10001},"echo":\#(question.token)}"#)
            let silent = try await bench.dialIn()
            try await eventually("another one is told of", read: { bench.bots.troubles }) { !$0.isEmpty }
            #expect(bench.bots.troubles.allSatisfy { !$0.contains("bots[0]") })
            #expect(bench.bots.silent.isEmpty)
            silent.close()
        }
        await server.stop()
    }
}
