import Logging
import OneBot
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("DialLog")
struct DialLogTests {
    @Test("each failure names its likely cause")
    func causes() {
        #expect(
            DialLog.likelyCause(of: .cannotConnect("ws://h", reason: "Connection refused (111)")).contains("running"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 401, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 403, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 404, body: "")).contains("path"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 200, body: "")).contains("HTTP"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 426, body: "")).contains("HTTP"))
    }

    @Test("each kind of failure is a warning once while the bot is away, also where they take turns")
    func levels() {
        let sink = BotLog()
        var log = DialLog(entry: 0, logger: sink.logger)
        for _ in 1...1_000 {
            log.failed(.timedOut("ws://h"), next: .seconds(2))
            log.failed(.cannotConnect("ws://h", reason: "refused"), next: .seconds(2))
        }
        #expect(sink.entries.count == 2_000)
        #expect(sink.entries.count { $0.level == .warning } == 2)
        for number in 1...100 { log.failed(.cannotConnect("ws://h", reason: "\(number)"), next: .seconds(2)) }
        #expect(sink.entries.count { $0.level == .warning } < 20, "failures that are new each time have a bound")
    }

    @Test("for ever a bot is dialled again after 1 to 3 s, never twice after the same time")
    func pace() {
        var pace = RedialPace(BotTiming().redial, generator: SeededGenerator(seed: 11))
        let waits = (0..<500).map { _ in pace.next() }
        #expect(waits.allSatisfy { $0 >= .seconds(1) && $0 < .seconds(3) })
        #expect(Set(waits).count == 500)
    }

    private func ending(_ code: UInt16?, selfID: SelfID? = nil) -> BotConnection.Ending {
        BotConnection.Ending(
            socket: WebSocketEnding(code: code, reason: "", isOurs: false), lived: .milliseconds(5), selfID: selfID,
            displacement: nil, refusal: nil)
    }

    @Test(
        "a bot that lets us in and closes with 1000 again and again does not take the token: a second warning says so")
    func saysGoodbye() {
        let sink = BotLog()
        var log = DialLog(entry: 0, logger: sink.logger)
        for _ in 1...3 { log.ended(ending(1000), next: .seconds(1)) }
        log.ended(ending(1000, selfID: SelfID(1)), next: .seconds(1))
        log.ended(ending(1000), next: .seconds(1))
        #expect(sink.entries.map(\.level) == [.warning, .warning, .debug, .debug, .warning])
        let reasons = sink.entries.map { $0.metadata["reason"] ?? "" }
        #expect(reasons[0].contains("Is it a OneBot 11 server"), "once may be chance")
        #expect(reasons[1].contains("1000") && reasons[1].contains("bots[].access_token"))
        #expect(reasons[4] == reasons[0])
    }

    @Test("codes that are kept for refusals are one", arguments: [3000, 3003, 4001, 4003, 4401, 4403] as [UInt16])
    func refusalCodes(code: UInt16) {
        let sink = BotLog()
        var log = DialLog(entry: 0, logger: sink.logger)
        log.ended(ending(code), next: .seconds(1))
        #expect(sink.entries.first?.metadata["reason"]?.contains("does not accept the token") == true)
    }
}
