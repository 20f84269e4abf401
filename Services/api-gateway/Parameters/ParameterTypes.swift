import NIOCore
import OneBot

/// The types of OneBot 11's parameters, for forms and queries, which bring only text (OneBot 11, HTTP and public API).
/// A name means the same in every action that has it, so that extensions of bots, which use the same names, are served
/// too.
enum ParameterTypes {
    private static let numbers: Set<String> = [
        "user_id", "group_id", "self_id", "message_id", "times", "duration", "delay",
    ]
    private static let booleans: Set<String> = [
        "auto_escape", "reject_add_request", "enable", "is_dismiss", "approve", "no_cache",
    ]
    private static let objects: Set<String> = ["anonymous", "context", "operation"]
    private static let messages: Set<String> = ["message"]

    /// The value's JSON. A text that is not of the type stays a string: the bot says what it thinks of it.
    static func json(_ pair: FormText.Pair) -> ByteBuffer {
        if numbers.contains(pair.name), let number = ParameterText.number(pair.value) { return number }
        if objects.contains(pair.name), let object = ParameterText.value(pair.value, .object) { return object }
        if messages.contains(pair.name), let segments = segments(pair.value) { return segments }
        if booleans.contains(pair.name), let flag = ParameterText.flag(pair.value) {
            return ByteBuffer(string: flag ? "true" : "false")
        }
        var text = ByteBuffer()
        text.writeJSONString(pair.value)
        return text
    }

    /// A message is a text, or a list of segments, or one segment (OneBot 11, API). What does not look like segments is
    /// taken for text.
    private static func segments(_ text: String) -> ByteBuffer? {
        guard let first = text.utf8.first, first == UInt8(ascii: "[") || first == UInt8(ascii: "{"),
            let value = try? JSONText(validating: ByteBuffer(string: text))  // then it is text
        else { return nil }
        let segments = value.kind == .array ? value.array ?? [] : [value]
        let areSegments = !segments.isEmpty && segments.allSatisfy { $0.object?["type"]?.kind == .string }
        return areSegments ? value.bytes : nil
    }
}
