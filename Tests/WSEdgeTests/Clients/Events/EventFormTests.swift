import NIOCore
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("How a client wants events written")
struct EventFormTests {
    private static let sent =
        #"{ "time":1 ,"post_type" : "message_sent","message_type":"group","message_sent_type":"self","message":"[CQ:face,id=1]","n":12345678901234567890 }"#
    private static let message = #"{"post_type":"message","message_type":"group","message":"hi"}"#

    private func text(_ event: String, _ form: EventForm) -> String? {
        let view = EventView(ByteBuffer(string: event), of: SelfID(1))
        return WebSocketConnection.texts(inEncoded: view.frame(in: form)).first.map { String(buffer: $0) }
    }

    @Test("a message that the account sent is called a message, and every other byte stays")
    func sentMessages() {
        let renamed = Self.sent.replacing(#""post_type" : "message_sent""#, with: #""post_type" : "message""#)
        #expect(text(Self.sent, EventForm(sentMessages: .message)) == renamed)
        #expect(
            text(Self.sent, EventForm(messageFormat: .array, sentMessages: .message))
                == renamed.replacing(#""[CQ:face,id=1]""#, with: #"[{"type":"face","data":{"id":"1"}}]"#))
        #expect(text(Self.sent, EventForm(messageFormat: .string, sentMessages: .message)) == renamed)
        for form in [EventForm(), EventForm(sentMessages: .messageSent)] { #expect(text(Self.sent, form) == Self.sent) }
    }

    @Test(
        "everything else stays as it is",
        arguments: [
            message, #"{"post_type":"notice","notice_type":"message_sent"}"#, #"{"post_type":"message_sent_too"}"#,
            "no JSON",
        ])
    func others(event: String) {
        #expect(text(event, EventForm(sentMessages: .message)) == event)
    }

    @Test("only those who want something else are looked at")
    func cost() {
        #expect(EventForm().isAsSent)
        #expect(EventForm(sentMessages: .messageSent).isAsSent)
        #expect(!EventForm(sentMessages: .message).isAsSent)
        let (sent, message) = (
            EventView(ByteBuffer(string: Self.sent), of: SelfID(1)),
            EventView(ByteBuffer(string: Self.message), of: SelfID(1))
        )
        #expect(EventForm(sentMessages: .message).concerns(sent))
        #expect(!EventForm(sentMessages: .message).concerns(message))
        #expect(EventForm(messageFormat: .array).concerns(message))
    }
}
