/// The string literals of Swift source, each as what the program can say: its fixed text, with ``gap`` for each
/// interpolation. Literals joined by `+` are one.
struct StringLiterals {
    /// Stands for a value that is only known at run time.
    static let gap: Character = "\u{0}"

    private let source: [Character]
    private var index = 0
    private var found: [String] = []
    /// The last literal, while nothing but a `+` has come since.
    private var last: Int?
    private var hasPlus = false

    static func all(in source: String) -> [String] {
        var literals = StringLiterals(source: Array(source))
        literals.readCode(until: nil)
        return literals.found
    }

    private init(source: [Character]) { self.source = source }

    private var current: Character? { index < source.count ? source[index] : nil }

    private func begins(with text: String) -> Bool {
        let characters = Array(text)
        return index + characters.count <= source.count
            && source[index..<index + characters.count].elementsEqual(characters)
    }

    /// Reads code up to the end, or to the bracket that closes an interpolation.
    private mutating func readCode(until end: Character?) {
        var depth = 0
        while let character = current {
            if begins(with: "//") {
                while current?.isNewline == false { index += 1 }
            } else if begins(with: "/*") {
                while index < source.count, !begins(with: "*/") { index += 1 }
                index += 2
            } else if character == "\"" || (character == "#" && beginsRawLiteral) {
                readLiteral()
            } else {
                if character == end, depth == 0 { return index += 1 }
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                if character == "+" {
                    hasPlus = true
                } else if !character.isWhitespace {
                    last = nil
                }
                index += 1
            }
        }
    }

    private var beginsRawLiteral: Bool {
        let mark = source[index...].prefix { $0 == "#" }.count
        return index + mark < source.count && source[index + mark] == "\""
    }

    private mutating func readLiteral() {
        let hashes = source[index...].prefix { $0 == "#" }.count
        index += hashes
        let isLong = begins(with: "\"\"\"")
        let quote = isLong ? "\"\"\"" : "\""
        let escape = "\\" + String(repeating: "#", count: hashes)
        let end = quote + String(repeating: "#", count: hashes)
        index += quote.count
        let joined = hasPlus ? last : nil
        var text = ""
        while index < source.count, !begins(with: end) {
            guard begins(with: escape) else {
                // The lines of a long literal are indented as the code is.
                if isLong, source[index].isNewline {
                    index += 1
                    while current == " " { index += 1 }
                    text.append("\n")
                    continue
                }
                text.append(source[index])
                index += 1
                continue
            }
            index += escape.count
            let escaped = current
            index += 1
            if escaped == "(" {
                // The code inside is not part of this literal, and may contain literals of its own.
                last = nil
                readCode(until: ")")
                text.append(Self.gap)
            } else if escaped?.isNewline == true {
                while current == " " { index += 1 }
            } else if let escaped {
                text.append(escaped == "n" ? "\n" : escaped)
            }
        }
        index += end.count
        // The line breaks next to the quotes are not part of the text.
        if isLong {
            text = String(text.dropFirst())
            if text.last == "\n" { text.removeLast() }
        }
        if let joined {
            found[joined] += text
            last = joined
        } else {
            found.append(text)
            last = found.count - 1
        }
        hasPlus = false
    }
}
