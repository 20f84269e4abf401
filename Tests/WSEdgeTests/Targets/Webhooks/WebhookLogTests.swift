import Logging
import NIOCore
import Testing

@testable import WSEdge

@Suite("What the log says of a webhook")
struct WebhookLogTests {
    @Test(
        "a refusal names what to look at first",
        arguments: [
            (302, "final address"), (401, "secret"), (403, "secret"), (404, "/onebot/v11/"), (405, "aiocqhttp"),
        ])
    func causes(status: Int, hint: String) {
        #expect(WebhookLog.likelyCause(of: status).contains(hint))
    }

    @Test("one that refuses every second event is told of once a minute, and an outage once with its end")
    func levels() {
        let sink = BotLog()
        var log = WebhookLog(logger: sink.logger)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for _ in 1...3 {
            log.refused(status: 404, at: now)
            log.dropped(.refused, count: 1)
            log.delivered()
            now = now + .seconds(30)
        }
        #expect(
            sink.entries.map(\.level) == [.warning, .warning, .info, .debug, .debug, .debug, .debug])
        for _ in 1...3 { log.unanswered(ChannelError.connectTimeout(.seconds(1)), at: now + .seconds(61)) }
        log.dropped(.unreachable, count: 2)
        log.delivered()
        log.delivered()
        #expect(
            sink.entries.dropFirst(7).map(\.level) == [.warning, .debug, .debug, .warning, .info])
        #expect(sink.entries.last?.metadata["dropped"] == "2")
    }
}
