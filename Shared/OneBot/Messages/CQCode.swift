/// A message as one string (OneBot 11, message/string.md): text, with codes as `[CQ:at,qq=10001]` in it.
///
/// A code is read to the letter of the standard: the type stands between `[CQ:` and the first `,` or `]`; the rest is
/// split at commas, each part at its first `=`. Whatever is not a code (without an end, with a `[` inside, without a
/// type, with a parameter that has no `=`) is text, byte for byte. An extra comma before the `]` is ignored, as
/// clients' own parsers do.
///
/// In text `&`, `[` and `]` are written as `&amp;`, `&#91;` and `&#93;`, in a code also `,` as `&#44;`; all four are
/// understood everywhere, as they have been since CQHTTP. Types and names normally need no escapes; where one does, it
/// is escaped like a value, and its `=` as `&#61;`.
enum CQCode {
    static func segments(in text: String) -> [MessageSegment] {
        var reader = Reader(bytes: Array(text.utf8))
        reader.read()
        return reader.segments
    }

    /// Text segments next to one another become one text: a string cannot show where one ended.
    static func text(of segments: [MessageSegment]) -> String {
        var writer = Writer()
        for segment in segments { writer.write(segment) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    // MARK: Reading

    /// Each byte is read at most twice: once as part of a code, and again as text where it was not a code.
    private struct Reader {
        let bytes: [UInt8]
        private(set) var segments: [MessageSegment] = []

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func read() {
            var textStart = 0
            var place = 0
            while place < bytes.count {
                if bytes[place] == UInt8(ascii: "["), let (code, end) = code(at: place) {
                    addText(textStart..<place)
                    segments.append(code)
                    (textStart, place) = (end, end)
                } else {
                    place += 1
                }
            }
            addText(textStart..<bytes.count)
        }

        private mutating func addText(_ range: Range<Int>) {
            if !range.isEmpty { segments.append(.text(unescaped(bytes[range]))) }
        }

        private func code(at start: Int) -> (segment: MessageSegment, end: Int)? {
            let inside = start + 4
            guard inside <= bytes.count, bytes[start..<inside].elementsEqual("[CQ:".utf8),
                let end = bytes[inside...].firstIndex(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") }),
                bytes[end] == UInt8(ascii: "]")
            else { return nil }
            var parts = bytes[inside..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            if parts.count > 1, parts[parts.count - 1].isEmpty { parts.removeLast() }
            let type = parts[0]
            guard !type.isEmpty else { return nil }
            var parameters: [MessageSegment.Parameter] = []
            for part in parts.dropFirst() {
                guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                parameters.append(
                    .init(unescaped(part[..<equals], isName: true), unescaped(part[part.index(after: equals)...])))
            }
            return (MessageSegment(type: unescaped(type, isName: true), parameters), end + 1)
        }

        private func unescaped(_ text: ArraySlice<UInt8>, isName: Bool = false) -> String {
            guard text.contains(UInt8(ascii: "&")) else { return String(decoding: text, as: UTF8.self) }
            var output: [UInt8] = []
            output.reserveCapacity(text.count)
            var rest = text
            while let byte = rest.first {
                let escape =
                    byte == UInt8(ascii: "&")
                    ? Escape.all.first { rest.starts(with: $0.written.utf8) && (isName || !$0.isForNames) } : nil
                output.append(escape?.byte ?? byte)
                rest = rest.dropFirst(escape?.written.utf8.count ?? 1)
            }
            return String(decoding: output, as: UTF8.self)
        }
    }

    // MARK: Writing

    private struct Writer {
        private(set) var bytes: [UInt8] = []

        mutating func write(_ segment: MessageSegment) {
            if let text = segment.plainText {
                write(text) { !$0.isForCodes && !$0.isForNames }
                return
            }
            bytes += "[CQ:".utf8
            write(segment.type) { _ in true }
            for parameter in segment.parameters {
                bytes.append(UInt8(ascii: ","))
                write(parameter.name) { _ in true }
                bytes.append(UInt8(ascii: "="))
                write(parameter.value) { !$0.isForNames }
            }
            bytes.append(UInt8(ascii: "]"))
        }

        private mutating func write(_ text: String, escaping isEscaped: (Escape) -> Bool) {
            for byte in text.utf8 {
                if let escape = Escape(of: byte), isEscaped(escape) {
                    bytes += escape.written.utf8
                } else {
                    bytes.append(byte)
                }
            }
        }
    }

    /// How a byte with a special meaning is written.
    private struct Escape {
        let byte: UInt8
        let written: String
        /// Whether it is special only within a code.
        var isForCodes = false
        /// Whether it is special only within a name.
        var isForNames = false

        static let all = [
            Escape(byte: UInt8(ascii: "&"), written: "&amp;"), Escape(byte: UInt8(ascii: "["), written: "&#91;"),
            Escape(byte: UInt8(ascii: "]"), written: "&#93;"),
            Escape(byte: UInt8(ascii: ","), written: "&#44;", isForCodes: true),
            Escape(byte: UInt8(ascii: "="), written: "&#61;", isForNames: true),
        ]

        init(byte: UInt8, written: String, isForCodes: Bool = false, isForNames: Bool = false) {
            self.byte = byte
            self.written = written
            self.isForCodes = isForCodes
            self.isForNames = isForNames
        }

        init?(of byte: UInt8) {
            switch byte {
            case UInt8(ascii: "&"): self = Self.all[0]
            case UInt8(ascii: "["): self = Self.all[1]
            case UInt8(ascii: "]"): self = Self.all[2]
            case UInt8(ascii: ","): self = Self.all[3]
            case UInt8(ascii: "="): self = Self.all[4]
            default: return nil
            }
        }
    }
}
