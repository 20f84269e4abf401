import Logging
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("TargetDialLog: why a framework is not reached")
struct TargetDialLogTests {
    private static let url = "ws://framework:8080/wrong"

    @Test(
        "a failed handshake names what to look at",
        arguments: [
            (404, ["/wrong", "/onebot/v11/ws", "Koishi /onebot", "aiocqhttp /ws/", "/ws/api/", "/OneBotv11"]),
            (403, ["token", "/wrong", "/onebot/v11/ws", "self_id already"]), (401, ["token", "Bearer"]),
            (426, ["HTTP server", "/wrong"]), (200, ["HTTP server"]), (301, ["redirect"]), (502, ["proxy"]),
            (500, ["log"]),
        ])
    func handshake(status: Int, words: [String]) {
        let cause = TargetDialLog.likelyCause(
            of: .refused(Self.url, status: status, body: "no"), hasToken: true)
        for word in words { #expect(cause.contains(word)) }
    }

    @Test("without a token the framework wants one, with a token it wants another")
    func tokens() {
        let refused = DialError.refused(Self.url, status: 401, body: "")
        #expect(TargetDialLog.likelyCause(of: refused, hasToken: false).contains("wants a token"))
        #expect(TargetDialLog.likelyCause(of: refused, hasToken: true).contains("does not take the token"))
    }

    @Test(
        "localhost may be the container itself",
        arguments: ["ws://localhost:1/", "ws://127.0.0.1:1/", "ws://u:p@LOCALHOST/", "ws://[::1]:1/"])
    func localhost(url: String) {
        let error = DialError.cannotConnect(url, reason: "Connection refused")
        #expect(TargetDialLog.likelyCause(of: error, hasToken: false).contains("container"))
        let other = DialError.cannotConnect(Self.url, reason: "Connection refused")
        #expect(!TargetDialLog.likelyCause(of: other, hasToken: false).contains("container"))
    }

    @Test("a framework that hangs up with 1008 has a connection already, or wants another token")
    func hangsUp() {
        let ending = WebSocketEnding(code: 1008, reason: "Duplicate X-Self-ID", isOurs: false)
        let cause = TargetDialLog.likelyCause(of: ending, hasToken: false)
        #expect(cause.contains("connection of this self_id already"))
        #expect(cause.contains("token"))
        #expect(cause.contains("Koishi"))
    }

    @Test(
        "one that lets us in and closes with 1000 again and again checks its token only then: a second warning says so")
    func saysGoodbye() {
        for (hasToken, words) in [(true, "does not take the token"), (false, "wants a token")] {
            let sink = BotLog()
            var log = TargetDialLog(hasToken: hasToken, logger: sink.logger)
            let goodbye = WebSocketEnding(code: 1000, reason: "", isOurs: false)
            func end(after life: Duration) {
                log.ended(goodbye, after: life, steadyAfter: .seconds(5), next: .seconds(1))
            }
            for _ in 1...4 { end(after: .milliseconds(5)) }
            end(after: .seconds(60))
            end(after: .milliseconds(5))
            #expect(sink.entries.map(\.level) == [.warning, .warning, .debug, .debug, .info, .warning])
            let reasons = sink.entries.map { $0.metadata["reason"] ?? "" }
            #expect(!reasons[0].contains("token"), "once may be chance")
            for word in [words, "1000", "reverse_websockets[].access_token"] { #expect(reasons[1].contains(word)) }
            #expect(!reasons[5].contains("token"))
        }
    }

    @Test("codes that are kept for refusals are one", arguments: [3000, 3003, 4001, 4003, 4401, 4403] as [UInt16])
    func refusalCodes(code: UInt16) {
        let ending = WebSocketEnding(code: code, reason: "", isOurs: false)
        #expect(TargetDialLog.likelyCause(of: ending, hasToken: true).contains("does not take the token"))
        #expect(TargetDialLog.likelyCause(of: ending, hasToken: false).contains("wants a token"))
    }

    @Test("the same failure is a warning once, another one is again; nothing secret is in it")
    func levels() {
        let sink = BotLog()
        var log = TargetDialLog(hasToken: true, logger: sink.logger)
        let first = DialError.refused("ws://u:hunter2@h/?access_token=hunter2", status: 403, body: "no")
        log.failed(first, next: .seconds(1))
        log.failed(first, next: .seconds(2))
        log.failed(.timedOut("ws://h/"), next: .seconds(1))
        log.connected()
        let hungUp = WebSocketEnding(code: 1008, reason: "twice", isOurs: false)
        for _ in 1...2 {
            log.ended(hungUp, after: .milliseconds(5), steadyAfter: .seconds(5), next: .seconds(1))
            log.connected()
        }
        log.ended(hungUp, after: .seconds(60), steadyAfter: .seconds(5), next: .seconds(1))
        log.failed(.timedOut("ws://h/"), next: .seconds(1))
        #expect(
            sink.entries.map(\.level) == [
                .warning, .debug, .warning, .info, .warning, .debug, .debug, .debug, .info, .warning,
            ])
        #expect(sink.entries[0].metadata["error"]?.contains("403") == true)
        #expect(sink.entries[0].metadata["error"]?.contains("It says: no") == true)
        #expect(!sink.entries.contains { "\($0)".contains("hunter2") })
    }
}
