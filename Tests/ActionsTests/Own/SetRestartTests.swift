import Bus
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct SetRestartTests {
    @Test("it is answered at once; after the delay the program of a supervised bot is restarted at its edge")
    func supervised() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far, isSupervised: true)])
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        let answer = try await harness.perform(.setRestart, #"{"delay":2000}"#)
        #expect(answer.status == .async)
        #expect(answer.retcode == 1)
        #expect(answer.data == "null")
        #expect(harness.farInbox.deliveries.isEmpty)
        #expect(await harness.runSpawned() == [.seconds(2)])
        let questions = harness.farInbox.deliveries.map(\.body)
        #expect(questions.compactMap { RPC.method(of: $0) } == ["restart_bot"])
        #expect(try questions.map { try RPC.decodeParams(EdgeAPI.RestartBot.self, from: $0).selfID } == [SelfID(10001)])
    }

    @Test("a bot that runs elsewhere is asked to restart, without the delay that has passed")
    func forwarded() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far)])
        let bot = try await BusResponder.bot(SelfID(10001), at: harness.broker) { _ in
            ByteBuffer(string: #"{"status":"ok","retcode":0,"data":null}"#)
        }
        #expect(try await harness.perform(.setRestart, #"{"delay":5,"x":1}"#).retcode == 1)
        #expect(await harness.runSpawned() == [.milliseconds(5)])
        let action = try Action(parsing: try #require(bot.deliveries.first).body)
        #expect(action.name == "set_restart")
        #expect(action.params?["delay"] == nil)
        #expect(action.params?["x"]?.int64 == 1)
    }

    @Test(
        "the bot is the one named, else the caller's, else the default one",
        arguments: [
            (#"{"self_id":3}"#, .bot(SelfID(2)), 3), (#"{"self_id":"3"}"#, .defaultBot, 3), ("{}", .bot(SelfID(2)), 2),
            (#"{"self_id":0}"#, .bot(SelfID(2)), 2), ("{}", .defaultBot, 1),
        ] as [(String, BotChoice.Standard, Int64)])
    func whichBot(_ params: String, _ standard: BotChoice.Standard, _ expected: Int64) async throws {
        let harness = try await ActionsHarness()
        let bots = ([1, 2, 3] as [Int64]).map { number in
            var bot = OnlineBot.fixture(number, at: harness.far, isSupervised: true)
            bot.configuredIndex = Int(number)
            return bot
        }
        harness.online([], bots: bots)
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        #expect(try await harness.perform(.setRestart, params, for: BotChoice(standard)).retcode == 1)
        _ = await harness.runSpawned()
        let asked = try harness.farInbox.deliveries.map {
            try RPC.decodeParams(EdgeAPI.RestartBot.self, from: $0.body).selfID
        }
        #expect(asked == [SelfID(expected)])
    }

    @Test("a bot nobody knows is 1404 and the known ones are named")
    func unknown() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far)])
        let answer = try await harness.perform(.setRestart, #"{"self_id":5}"#)
        #expect(answer.retcode == 1404)
        #expect(answer.message?.contains("10001") == true)
        #expect(harness.spawnedCount == 0)
    }

    @Test("while no bot was ever there it is 1503")
    func none() async throws {
        let harness = try await ActionsHarness()
        harness.online([])
        #expect(try await harness.perform(.setRestart).retcode == 1503)
    }

    @Test("where several could be meant none is restarted: 1400, as for a bot's own actions")
    func several() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(1, at: harness.far), .fixture(2, at: harness.far)])
        let answer = try await harness.perform(.setRestart, for: BotChoice(.onlyBot))
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains("1, 2") == true)
        #expect(harness.spawnedCount == 0)
    }

    @Test("a connection's own bot that nobody knows yet is not restarted: 1404")
    func ownIsUnknown() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(1, at: harness.far)])
        #expect(try await harness.perform(.setRestart, for: BotChoice(.bot(SelfID(2)))).retcode == 1404)
        #expect(harness.spawnedCount == 0)
    }

    @Test(
        "a delay is a number of milliseconds, or its digits",
        arguments: [
            ("0", .zero), (#""250""#, .milliseconds(250)), (#""""#, .zero), ("null", .zero),
            ("1.5", .microseconds(1500)),
            ("3600000", .seconds(3600)),
        ] as [(String, Duration)])
    func delays(_ delay: String, _ expected: Duration) async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far, isSupervised: true)])
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        #expect(try await harness.perform(.setRestart, #"{"delay":\#(delay)}"#).retcode == 1)
        #expect(await harness.runSpawned() == [expected])
    }

    @Test(
        "any other delay is 1400",
        arguments: ["-1", "3600001", #""soon""#, #""nan""#, #""inf""#, "true", "[]", #""-5""#, "1e300"])
    func wrongDelays(_ delay: String) async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far)])
        let answer = try await harness.perform(.setRestart, #"{"delay":\#(delay)}"#)
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains("`delay`") == true)
        #expect(harness.spawnedCount == 0)
    }

    @Test("restarts that wait are bounded: one more is 1429")
    func bound() async throws {
        let harness = try await ActionsHarness()
        let bots = Int64(1)...Int64(RestartBook.limit) + 1
        harness.online([], bots: bots.map { .fixture($0, at: harness.far, isSupervised: true) })
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        for bot in bots.dropLast() {
            #expect(try await harness.perform(.setRestart, #"{"self_id":\#(bot)}"#).retcode == 1)
        }
        let over = try await harness.perform(.setRestart, #"{"self_id":\#(bots.upperBound)}"#)
        #expect(over.retcode == 1429)
        #expect(over["retry_after_ms"] != nil)
        _ = await harness.runSpawned()
        #expect(try await harness.perform(.setRestart).retcode == 1)
    }

    @Test("asked for again while one waits, it is async and nothing more is done", arguments: [true, false])
    func again(isSupervised: Bool) async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far, isSupervised: isSupervised)])
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        let bot = try await BusResponder.bot(SelfID(10001), at: harness.broker) { _ in
            ByteBuffer(string: #"{"status":"ok","retcode":0,"data":null}"#)
        }
        for _ in 1...16 { #expect(try await harness.perform(.setRestart, #"{"delay":2000}"#).retcode == 1) }
        #expect(harness.spawnedCount == 1)
        _ = await harness.runSpawned()
        #expect(harness.farInbox.deliveries.count == (isSupervised ? 1 : 0))
        #expect(bot.deliveries.count == (isSupervised ? 0 : 1))
    }

    @Test("one that is asked for sooner is carried out in the place of one that waits long")
    func sooner() async throws {
        let harness = try await ActionsHarness()
        harness.online([], bots: [.fixture(10001, at: harness.far, isSupervised: true)])
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        #expect(try await harness.perform(.setRestart, #"{"delay":3600000}"#).retcode == 1)
        #expect(try await harness.perform(.setRestart).retcode == 1)
        #expect(await harness.runSpawned() == [.seconds(3600), .zero])
        #expect(harness.farInbox.deliveries.count == 1)
    }

    @Test("one whose bot has connected anew since it was asked for is dropped", arguments: [true, false])
    func connectedAnew(isSupervised: Bool) async throws {
        let harness = try await ActionsHarness()
        var known = OnlineBot.fixture(10001, at: harness.far, isSupervised: isSupervised)
        known.isOnline = false
        harness.online([], bots: [known])
        harness.farInbox.answer { _ in try? RPC.encodeResult(RPC.Empty()) }
        let bot = try await BusResponder.bot(SelfID(10001), at: harness.broker) { _ in
            ByteBuffer(string: #"{"status":"ok","retcode":0,"data":null}"#)
        }
        #expect(try await harness.perform(.setRestart, #"{"delay":2000}"#).retcode == 1)
        known.isOnline = true
        known.epoch = 2
        _ = harness.presence.apply(
            PresenceChange(kind: .botOnline, registryEpoch: 1, sequence: 2, edge: nil, bots: [known]))
        _ = await harness.runSpawned()
        #expect(harness.farInbox.deliveries.isEmpty && bot.deliveries.isEmpty)
        #expect(try await harness.perform(.setRestart).retcode == 1)
        _ = await harness.runSpawned()
        #expect(harness.farInbox.deliveries.count + bot.deliveries.count == 1, "asked for of the new link")
    }
}

@Suite struct RestartGateTests {
    private let start = NIODeadline.uptimeNanoseconds(1)

    @Test("one restart until the bot was connected, or has had its time")
    func gate() {
        var gate = RestartGate(patience: .seconds(60))
        let first = gate.begin(at: start)
        let again = gate.begin(at: start + .seconds(59))
        gate.connected()
        let next = gate.begin(at: start + .seconds(59))
        let late = gate.begin(at: start + .seconds(119))
        #expect([first, again, next, late] == [true, false, true, true])
    }
}
