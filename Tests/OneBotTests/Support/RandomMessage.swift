import TestSupport

@testable import OneBot

/// Makes messages in both of OneBot's forms, with as many characters as possible that a careless parser might misread.
struct RandomMessage {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private static let pieces = [
        "a", "hello", "你好", "é", "e\u{301}", "\u{1F600}", "\u{1F468}\u{200D}\u{1F469}", "&", "&amp;", "&#91;", "&#44;",
        "&#61;",
        "&#9", "amp;", "[", "]", ",", "=", "[CQ:", "[CQ:face,id=1]", "CQ:", "\r\n", "\u{0}", " ", "\"", "\\",
        "\u{2028}", ":",
    ]

    mutating func text(upTo count: Int = 5) -> String {
        (0..<Int.random(in: 0...count, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }
            .joined()
    }

    /// Segments as they can come out of a string: no two texts in a row, no empty text, no empty type.
    mutating func segments() -> [MessageSegment] {
        var segments: [MessageSegment] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let text = text()
            if random.once(in: 2), segments.last?.type != "text" {
                if !text.isEmpty { segments.append(.text(text)) }
            } else {
                let type =
                    random.once(in: 3) ? "x\(text)" : ["at", "face", "mface", "类型"].randomElement(using: &random) ?? ""
                let parameters = (0..<Int.random(in: 0...3, using: &random)).map { index in
                    MessageSegment.Parameter(random.once(in: 3) ? "\(index)\(self.text())" : "p\(index)", self.text())
                }
                segments.append(MessageSegment(type: type, parameters))
            }
        }
        return segments
    }

    /// A string as a bot writes it by the standard, escapes made by plain replacing.
    mutating func string() -> String {
        (0..<Int.random(in: 0...5, using: &random)).map { _ in
            let value = text().replacing("&", with: "&amp;").replacing("[", with: "&#91;").replacing("]", with: "&#93;")
            guard random.once(in: 2) else { return value }
            let parameters = (0..<Int.random(in: 0...3, using: &random)).map {
                ",p\($0)=\(value.replacing(",", with: "&#44;"))"
            }
            return "[CQ:face\(parameters.joined())]"
        }.joined()
    }
}
