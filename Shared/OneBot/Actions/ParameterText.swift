public import NIOCore

/// Values of OneBot 11's types of parameters written as text (OneBot 11, HTTP): forms and queries have only text, and
/// some programs write texts in JSON, too.
public enum ParameterText {
    /// `nil` for a text that is not a boolean.
    public static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: nil
        }
    }

    /// The text itself, digits untouched, where it is a JSON number.
    public static func number(_ text: String) -> ByteBuffer? { value(text, .number) }

    /// The text itself where it is JSON of that kind.
    public static func value(_ text: String, _ kind: JSONText.Kind) -> ByteBuffer? {
        guard let value = try? JSONText(validating: ByteBuffer(string: text)) else { return nil }  // then it is text
        return value.kind == kind ? value.bytes : nil
    }
}

extension JSONText {
    /// A boolean, or a text or number that ``ParameterText/flag(_:)`` reads as one; `nil` for anything else.
    public var flag: Bool? {
        switch kind {
        case .boolean: bool
        case .string: string.flatMap(ParameterText.flag)
        case .number: ParameterText.flag(String(buffer: bytes))
        case .object, .array, .null: nil
        }
    }

    /// A number, or a number in a text, its digits untouched; `nil` for anything else.
    public var number: ByteBuffer? {
        switch kind {
        case .number: bytes
        case .string: string.flatMap(ParameterText.number)
        case .object, .array, .boolean, .null: nil
        }
    }

    /// A string as it was written, or the digits of a number as a string; `nil` for anything else.
    public var textOrDigits: ByteBuffer? {
        switch kind {
        case .string: return bytes
        case .number:
            var text = ByteBuffer()
            text.writeJSONString(String(buffer: bytes))
            return text
        case .object, .array, .boolean, .null: return nil
        }
    }
}
