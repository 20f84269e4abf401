import NIOCore
import OneBot

/// The message of a quick reply, in any of the three forms OneBot 11 has for one: a text with CQ codes, a list of
/// segments, one segment.
struct QuickReply {
    private let message: ByteBuffer
    private let kind: JSONText.Kind
    /// The text, where it is one.
    private let text: String
    /// It stands for itself: CQ codes in it are not read.
    private let escapes: Bool

    /// `nil` for what is empty, or no message. A number is the text of its digits, as in a form.
    init?(_ value: JSONText, escapes: Bool) {
        // What we wrote ourselves is JSON, so nil is never the outcome of an error.
        if value.kind == .number, let text = value.textOrDigits.flatMap({ try? JSONText(validating: $0) }) {
            self.init(text, escapes: escapes)
            return
        }
        switch value.kind {
        case .string: if value.string?.isEmpty != false { return nil }
        case .array: if value.array?.isEmpty != false { return nil }
        case .object: break
        case .number, .boolean, .null: return nil
        }
        self.init(
            message: value.bytes, kind: value.kind, text: value.string ?? "",
            escapes: escapes && value.kind == .string)
    }

    private init(message: ByteBuffer, kind: JSONText.Kind, text: String, escapes: Bool) {
        self.message = message
        self.kind = kind
        self.text = text
        self.escapes = escapes
    }

    /// The parameters of the action that sends it.
    var members: [(StaticString, ByteBuffer)] {
        var members: [(StaticString, ByteBuffer)] = [("message", message)]
        if escapes { members.append(("auto_escape", ByteBuffer(staticString: "true"))) }
        return members
    }

    /// The same with that account mentioned before it, and a space between. A text stays one, unless it stands for
    /// itself: then the mention needs a segment.
    func mentioning(_ account: String) -> QuickReply {
        if kind == .string, !escapes {
            var message = ByteBuffer()
            message.writeJSONString("[CQ:at,qq=\(account)] \(text)")
            return QuickReply(message: message, kind: .string, text: text, escapes: false)
        }
        var message = ByteBuffer(staticString: #"[{"type":"at","data":{"qq":"#)
        message.writeJSONString(account)
        message.writeStaticString(#"}},{"type":"text","data":{"text":"#)
        message.writeJSONString(" " + text)
        message.writeStaticString("}}")
        switch kind {
        case .array:
            // Without its brackets: it was read as a list, so both are there.
            message.writeStaticString(",")
            message.writeImmutableBuffer(
                self.message.getSlice(at: self.message.readerIndex + 1, length: self.message.readableBytes - 2)
                    ?? ByteBuffer())
        case .object:
            message.writeStaticString(",")
            message.writeImmutableBuffer(self.message)
        case .string, .number, .boolean, .null: break
        }
        message.writeStaticString("]")
        return QuickReply(message: message, kind: .array, text: "", escapes: false)
    }
}
