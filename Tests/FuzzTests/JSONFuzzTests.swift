import Actions
import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import OneBot
@testable import WSEdge

/// JSON that bots, clients and webhooks send, and the messages in it.
extension FuzzTests {
    @Test("JSON: frames of bots and clients, filters, conversions, quick operations")
    func json() throws {
        let mutator = Mutator(seeds: try Self.fixtures(), words: Self.words)
        Fuzz(.json).run { random in
            let bytes = random.once(in: 16) ? Self.nested(&random) : mutator.input(&random)
            let buffer = ByteBuffer(bytes: bytes)
            if let text = try? JSONText(validating: buffer) { Self.walk(text, depth: 6) }  // most are not JSON
            try Self.readFrame(buffer, &random)
            try Self.readAction(buffer)
            try Self.readMessage(bytes)
            let name = try? ClientName(String(decoding: bytes, as: UTF8.self))  // most are none
            try Broken.unless((name?.text.isEmpty ?? false) == false, "an empty name", bytes)
        }
    }

    private static func fixtures() throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures").path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().filter {
            $0.hasSuffix(".json")
        }
        try #require(!files.isEmpty)
        return try files.map { Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) }
            + [
                #"{"action":"send_group_msg","params":{"group_id":1,"message":"[CQ:at,qq=1] &amp;"},"echo":{"seq":1}}"#,
                #"{"status":"ok","retcode":0,"data":{"message":[{"type":"image","data":{"n":null}}]},"echo":"1-2"}"#,
                #"{"reply":[{"type":"text","data":{"text":"hi"}}],"at_sender":false,"ban":true,"ban_duration":1e3}"#,
                #"{"approve":false,"remark":"","reason":"no","delete":true,"kick":true,"auto_escape":true}"#,
                #"[CQ:image,file=http://a/?a=1&amp;b=2,,] text &#91;CQ:at&#93; [CQ:face,id=1][CQ:,][CQ:at,qq]"#,
            ].map { Array($0.utf8) }
    }

    private static let words = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "{}", "[]", "\"echo\":", "\"self_id\":", "\"post_type\":",
        "\"post_type\":\"message\",", "\"message\":", "\"type\":\"text\"", "\"data\":", "\"status\":", "\"retcode\":",
        "\"action\":", "\"params\":", "\"\\u0065cho\":1,", "\"message_format\":\"string\",", "\"group_id\":",
        "\"user_id\":", "\"anonymous\":{\"flag\":\"f\"},", "\"sender\":", "[CQ:", "[CQ:at,qq=", "&#91;", "&amp;",
        "&#44;",
        "&#", "=",
    ]

    /// Nests deeper than any sender does, and sometimes closes the levels again.
    private static func nested(_ random: inout SeededGenerator) -> [UInt8] {
        let depth = [1, 100, 510, 511, 512, 513, 5000].randomElement(using: &random) ?? 1
        let pieces: [(String, String)] = [
            ("[", "]"), (#"{"message":"#, "}"), (#"{"echo":["#, "]}"), (#"{"data":{"a":"#, "}}"),
        ]
        let (open, close) = pieces.randomElement(using: &random) ?? ("", "")
        let closed = random.once(in: 2) ? depth : Int.random(in: 0...depth, using: &random)
        return Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: closed)).utf8)
    }

    private static func walk(_ value: JSONText, depth: Int) {
        _ = (value.string, value.int64, value.double, value.bool, value.isNull)
        guard depth > 0 else { return }
        value.array?.prefix(8).forEach { walk($0, depth: depth - 1) }
        guard let object = value.object else { return }
        for key in object.keys.prefix(8) { if let member = object[key] { walk(member, depth: depth - 1) } }
    }

    private static func readFrame(_ bytes: ByteBuffer, _ random: inout SeededGenerator) throws {
        if let object = try? JSONObject(bytes) { try rewrite(object) }  // most are none
        switch BotFrame(parsing: bytes) {
        case .event(let event):
            let text = event.forClients(of: SelfID(10001))
            let forClients = try object(text, "an event for clients")
            try Broken.unless(forClients["echo"] == nil, "an event with an echo", bytes.readableBytesView)
            for format in MessageFormat.allCases {
                if let converted = format.convert(event) { try object(converted, "an event in another form") }
            }
            let view = EventView(text, of: SelfID(10001))
            for list in EventFilter.List.allCases {
                var filter = EventFilter()
                _ = filter.restrict(list, to: ["10001", "message"])
                _ = filter.restrict(list, to: [String(decoding: bytes.readableBytesView.prefix(40), as: UTF8.self)])
                _ = filter.passes(view)
            }
            for format in [MessageFormat.array, .string, nil] {
                for sent in [EventForm.SentMessages.message, nil] {
                    let form = EventForm(messageFormat: format, sentMessages: sent)
                    _ = view.frame(in: form)
                    if let rewritten = form.rewrite(event) { try object(rewritten, "an event in another form") }
                }
            }
            _ = Chat(of: event.json)
            try operate(on: event, &random)
        case .response(let response):
            for format in MessageFormat.allCases {
                if let converted = format.convert(answer: bytes) { try object(converted, "an answer in another form") }
            }
            if let echo = response.echo { try value(echo, "an echo") }
        case .unreadable, .unknown: break
        }
    }

    /// Reads a webhook's answer to the event, whose members may be broken.
    private static func operate(on event: Event, _ random: inout SeededGenerator) throws {
        let answers = [#"{"reply":"a","at_sender":true,"delete":true,"kick":true,"ban":true}"#, #"{"approve":true}"#]
        for text in answers {
            guard let answer = try? JSONObject(ByteBuffer(string: text)) else { continue }
            for call in QuickOperation(answer, to: event).calls { try object(call.frame, "a quick operation") }
        }
        for call in QuickOperation(event.json, to: event).calls { try object(call.frame, "a quick operation") }
    }

    private static func rewrite(_ json: JSONObject) throws {
        let replaced = try object(json.setting("echo", to: ByteBuffer(string: "[1]")), "with an echo")
        try Broken.unless(
            replaced["echo"].map { String(buffer: $0.bytes) } == "[1]", "an echo that is another",
            json.bytes.readableBytesView)
        let removed = try object(replaced.removing("echo"), "without an echo")
        try Broken.unless(removed["echo"] == nil, "an echo that stays", json.bytes.readableBytesView)
        for key in json.keys.prefix(3) {
            try object(json.removing(key), "without a member")
            try object(json.setting(key, to: ByteBuffer(string: "0")), "with a member")
        }
    }

    private static func readAction(_ bytes: ByteBuffer) throws {
        do {
            let action = try Action(parsing: bytes)
            _ = action.params?.keys
            if let echo = action.echo { try value(echo, "an echo") }
            try object(action.frame, "an action")
        } catch let error as Action.ParsingError {
            try object(error.response, "a refusal")
        }
    }

    /// A message must be the same after it was written and read again.
    private static func readMessage(_ bytes: [UInt8]) throws {
        let segments = CQCode.segments(in: String(decoding: bytes, as: UTF8.self))
        let again = CQCode.segments(in: CQCode.text(of: segments))
        try Broken.unless(
            CQCode.text(of: again) == CQCode.text(of: segments), "a message that is another when read again", bytes)
    }

    @discardableResult
    private static func object(_ bytes: ByteBuffer, _ what: String) throws -> JSONObject {
        do {
            return try JSONObject(bytes)
        } catch {
            throw Broken("\(what) is \(error)", bytes.readableBytesView)
        }
    }

    private static func value(_ bytes: ByteBuffer, _ what: String) throws {
        do {
            _ = try JSONText(validating: bytes)
        } catch {
            throw Broken("\(what) is \(error)", bytes.readableBytesView)
        }
    }
}
