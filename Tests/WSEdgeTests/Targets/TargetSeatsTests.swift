import Contracts
import OneBot
import SettingsReading
import TestSupport
import Testing

@testable import WSEdge

@Suite("Targets: which bots, and under which name")
struct TargetSeatsTests {
    private let edge = EdgeAddress(edgeID: "e", instance: "i")

    private func configuration(_ flags: [(key: String, value: String)] = []) -> TargetConfiguration {
        let all = [("reverse_websockets[0].url", "ws://h:1/"), ("reverse_websockets[0].name", "n")] + flags
        return WSEdgeConfiguration(Settings(flags: all)).targets.reverseWebSockets[0].target
    }

    private func bot(_ number: Int64, entry: Int? = nil, epoch: UInt64 = 1) -> OnlineBot {
        OnlineBot(
            selfID: SelfID(number), edge: edge, epoch: epoch, isOnline: true, configuredIndex: entry,
            isSupervised: false)
    }

    @Test(
        "of two entries with one address and the same bots the second is a mistake",
        arguments: [
            ("reverse_websockets", "ws://h:1/"), ("webhooks", "http://h:1/"),
        ])
    func twins(list: String, url: String) {
        let settings = Settings(flags: [("\(list)[0].url", url), ("\(list)[1].url", url)])
        _ = WSEdgeConfiguration(settings)
        #expect(
            settings.problems.map(\.description).contains { $0.contains("\(list)[1]") && $0.contains("remove one") })
        let others = Settings(flags: [
            ("\(list)[0].url", url), ("\(list)[1].url", url), ("\(list)[1].self_id", "5"),
        ])
        _ = WSEdgeConfiguration(others)
        #expect(others.problems.isEmpty)
    }

    @Test("the first bot in the order of bots[] gets the plain name, the others one with their account")
    func order() {
        var seats = TargetSeats(configuration())
        let filled = seats.fill(from: [bot(1), bot(2, entry: 1), bot(3, entry: 0)])
        #expect(filled.map(\.name) == ["n", "n@2", "n@1"])
        #expect(filled.map(\.selfID) == [SelfID(3), SelfID(2), SelfID(1)])
    }

    @Test("an account given in bots[] gets the plain name, also where another one was known before it")
    func configuredFirst() {
        var seats = TargetSeats(configuration(), bots: [SelfID(7), SelfID(8)])
        #expect(seats.fill(from: [bot(8, entry: 1)]).map(\.name) == ["n@8"])
        #expect(seats.fill(from: [bot(8, entry: 1), bot(7, entry: 0)]).map(\.name) == ["n"])
    }

    @Test("who has the plain name keeps it, and nobody gets a second seat")
    func sticky() {
        var seats = TargetSeats(configuration())
        #expect(seats.fill(from: [bot(1)]).map(\.name) == ["n"])
        #expect(seats.fill(from: [bot(1), bot(2, entry: 0)]).map(\.name) == ["n@2"])
        #expect(seats.fill(from: [bot(1), bot(2, entry: 0)]).isEmpty)
        #expect(seats.seats.count == 2)
    }

    @Test("with self_id, the first of those has the plain name, known or not; the rest is left out")
    func wanted() {
        var seats = TargetSeats(configuration([("reverse_websockets[0].self_id", "5 6")]))
        #expect(seats.fill(from: [bot(6, entry: 0), bot(7)]).map(\.name) == ["n@6"])
        #expect(seats.fill(from: [bot(5)]).map(\.name) == ["n"])
    }

    @Test("a seat keeps who it was until the registry has refused that several times")
    func grant() {
        let seat = TargetSeat(selfID: SelfID(1), name: "n")
        let grant = SessionGrant(appID: "a", clientToken: "t", clientName: "n")
        #expect(seat.began(1))
        #expect(seat.session == 1)
        seat.ended(1, granted: grant, isOurs: false)
        #expect(seat.session == nil)
        for session in 2...9 as ClosedRange<UInt64> { seat.ended(session, granted: nil, isOurs: false) }
        for session in 10...11 as ClosedRange<UInt64> { seat.ended(session, granted: nil, isOurs: true) }
        #expect(seat.grant == grant)
        seat.ended(12, granted: nil, isOurs: true)
        #expect(seat.grant == nil)
    }

    @Test("the pace is steady: between a half and one and a half of its interval, whatever came before")
    func pace() {
        var pace = RedialPace(.seconds(2), generator: SeededGenerator(seed: 7))
        let waits = (0..<1_000).map { _ in pace.next() }
        #expect(waits.allSatisfy { $0 >= .seconds(1) && $0 < .seconds(3) })
        #expect(Set(waits).count > 900)
        #expect(waits.suffix(500).contains { $0 < .milliseconds(1_500) })
    }
}

@Suite("reverse_websockets[]")
struct ReverseWebSocketConfigurationTests {
    private func read(_ flags: [(key: String, value: String)]) -> (WSEdgeConfiguration, [Settings.Problem]) {
        let settings = Settings(flags: flags)
        let configuration = WSEdgeConfiguration(settings)
        return (configuration, settings.problems)
    }

    @Test("without a name it is called by its address; two of one address differ")
    func defaultName() {
        let (configuration, problems) = read([
            ("reverse_websockets[0].url", "ws://user:secret@nonebot:8080/onebot/v11/ws?access_token=secret"),
            ("reverse_websockets[1].url", "wss://nonebot:8080/other"),
            ("reverse_websockets[2].api_url", "ws://h/api"), ("reverse_websockets[2].event_url", "ws://h/event"),
        ])
        #expect(problems.isEmpty)
        #expect(configuration.targets.reverseWebSockets.map(\.target.name) == ["nonebot:8080", "nonebot:8080-2", "h"])
        #expect(configuration.targets.reverseWebSockets[2].address == .pair(api: "ws://h/api", event: "ws://h/event"))
    }

    @Test(
        "mistakes are reported with their key",
        arguments: [
            (["url=http://h/"], "reverse_websockets[0].url"), (["name=n"], "reverse_websockets[0]"),
            (["api_url=ws://h/"], "reverse_websockets[0]"),
            (["url=ws://h/", "api_url=ws://h/a", "event_url=ws://h/e"], "reverse_websockets[0]"),
            (["url=ws://h/", "self_id=10001 x"], "reverse_websockets[0].self_id"),
            (["url=ws://h/", "self_id=-1"], "reverse_websockets[0].self_id"),
            (["url=ws://h/", "name=\u{1}"], "reverse_websockets[0].name"),
            (["url=ws://h/", "name=" + String(repeating: "n", count: 231)], "reverse_websockets[0].name"),
        ])
    func mistakes(given: [String], key: String) {
        let flags = given.map { text in
            let parts = text.split(separator: "=", maxSplits: 1)
            return (key: "reverse_websockets[0].\(parts[0])", value: String(parts[1]))
        }
        #expect(read(flags).1.map(\.key) == [key])
    }

    @Test("two entries with one name, or with one address and the same bots, are a mistake")
    func twins() {
        let first = ("reverse_websockets[0].url", "ws://h/"), second = ("reverse_websockets[1].url", "ws://h/")
        #expect(read([first, second]).1.map(\.key) == ["reverse_websockets[1]"])
        #expect(read([first, second, ("reverse_websockets[1].self_id", "5")]).1.isEmpty)
        let names = [("reverse_websockets[0].name", "n"), ("reverse_websockets[1].name", "n")]
        #expect(
            read([first, ("reverse_websockets[1].url", "ws://i/")] + names).1.map(\.key) == [
                "reverse_websockets[1].name"
            ])
    }

    @Test("its claim has one name on every edge, one word, and shows nothing of the address")
    func claim() {
        let (configuration, _) = read([("reverse_websockets[0].url", "ws://h/?access_token=secret")])
        let (elsewhere, _) = read([
            ("reverse_websockets[0].url", "ws://other/"),
            ("reverse_websockets[1].url", "ws://h/?access_token=secret"), ("reverse_websockets[1].name", "n"),
        ])
        let name = configuration.targets.reverseWebSockets[0].claimName
        #expect(name == elsewhere.targets.reverseWebSockets[1].claimName)
        #expect(name != elsewhere.targets.reverseWebSockets[0].claimName)
        #expect(Exchanges.isWord(name))
        #expect(!name.contains("secret"))
    }
}
