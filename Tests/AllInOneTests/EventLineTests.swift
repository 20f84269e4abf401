import Foundation
import NIOCore
import OneBot
import Testing

@testable import perpetua

@Suite("A line for each event")
struct EventLineTests {
    private func line(_ json: String) throws -> EventLine {
        guard case .event(let event) = BotFrame(parsing: ByteBuffer(string: json)) else { throw NoEvent() }
        return EventLine(event)
    }

    private struct NoEvent: Error {}

    @Test("a message tells who said what, and where")
    func message() throws {
        let line = try line(
            #"{"post_type":"message","message_type":"group","sub_type":"normal","self_id":10001,"group_id":30001,"#
                + #""raw_message":"你好\nworld","sender":{"nickname":"Ada","card":""}}"#)
        #expect(line.bot == "10001")
        #expect(line.kind == "message.group")
        #expect(line.summary == #"Ada in 30001: 你好\nworld"#)
    }

    @Test(
        "other events tell what they are about",
        arguments: [
            (
                #"{"post_type":"notice","notice_type":"group_increase","sub_type":"invite","group_id":1,"user_id":2}"#,
                "notice.group_increase.invite", "group_id 1, user_id 2"
            ),
            (
                #"{"post_type":"request","request_type":"friend","user_id":2,"comment":"hi"}"#, "request.friend",
                "user_id 2, comment hi"
            ),
            (
                #"{"post_type":"notice","notice_type":"client_status","client":{"app_id":"a","client_name":"w"},"online":true}"#,
                "notice.client_status", "w online"
            ),
            (
                #"{"post_type":"distributed","distributed_type":"broadcast","client":{"app_id":"a"},"data":"d"}"#,
                "distributed.broadcast", "a: d"
            ),
            (#"{"post_type":"meta_event","meta_event_type":"heartbeat"}"#, "meta_event.heartbeat", ""),
            (#"{"post_type":"strange"}"#, "strange", ""),
            (#"{"post_type":"message","message_type":"private","user_id":"7"}"#, "message.private", "7: …"),
        ])
    func others(json: String, kind: String, summary: String) throws {
        let line = try line(json)
        #expect(line.kind == kind)
        #expect(line.summary == summary)
    }

    @Test("what a peer sent sends no command to the terminal, and is not long")
    func hostile() throws {
        let text = String(repeating: "x", count: 500)
        let line = try line(#"{"post_type":"message","message_type":"\u001b[2J","raw_message":"\u001b[2J\#(text)"}"#)
        let written = line.text(time: Date(timeIntervalSince1970: 0), isColored: false)
        #expect(!written.unicodeScalars.contains { $0.value < 0x20 })
        #expect(line.summary.count == 64)
    }

    @Test("at most so many lines a second, the rest is counted once")
    func budget() {
        var budget = LineBudget(perSecond: 2)
        var taken = [5, 5, 5, 5, 6].map { budget.take(at: $0) }
        #expect(taken == [true, true, false, false, true])
        let skipped = [budget.takeSkipped(), budget.takeSkipped()]
        #expect(skipped == [2, 0])
        taken = [6, 6].map { budget.take(at: $0) }
        #expect(taken == [true, false])
    }
}
