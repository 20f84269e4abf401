import Foundation
import Testing

/// Sentences that the pages quote from Perpetua's log, answers and health checks are in the sources, word for word.
///
/// The pages mark such a sentence as code: a span of three words or more that begins with a capital, with `…` for what
/// varies. The pages about frameworks and bots also quote those programs; there, our sentences begin with one of our
/// subjects or `…`.
@Suite("The sentences that the pages quote")
struct QuotedSentencesTests {
    private static let subjects = [
        "A bot ", "A framework ", "A webhook ", "A client ", "The bot ", "The framework ", "The webhook ",
        "Two entries ",
    ]
    /// Header fields of HTTP are not sentences.
    private static var field: Regex<Substring> { #/^[A-Z][A-Za-z-]*: /# }

    @Test("those in code spans are in the sources")
    func spans() throws {
        let said = try Self.said()
        #expect(said.count > 1_000)
        var quoted = 0
        for page in try Self.pages() {
            for span in Self.quotations(on: page) {
                quoted += 1
                #expect(
                    Self.isSaid(span, in: said), "\(page.name) quotes `\(span)`, and nothing in the sources says so.")
            }
        }
        #expect(quoted > 20)
    }

    @Test("those between quotation marks are in the sources, or headings")
    func quotationMarks() throws {
        let said = try Self.said()
        let pages = try Self.pages()
        let headings = pages.flatMap(\.headings).map {
            String($0.drop { $0 == "#" || $0 == " " }).replacing("`", with: "")
        }
        for page in pages where Self.isOurs(page) {
            let prose = page.prose.replacing(/`[^`\n]*`/, with: "…")
            for match in prose.matches(of: /"([A-Z][^"\n]*)"/) {
                let words = String(match.output.1)
                guard words.split(separator: " ").count >= 4, !headings.contains(words) else { continue }
                #expect(
                    Self.isSaid(words, in: said), "\(page.name) says \"\(words)\", and nothing in the sources does.")
            }
        }
    }

    @Test("a page in Chinese quotes what the English one does")
    func translations() throws {
        for (english, chinese) in try Page.translations() {
            #expect(
                Self.quotations(on: chinese).sorted() == Self.quotations(on: english).sorted(), "\(chinese.name)")
        }
    }

    @Test("a page that quotes what is not said is found out")
    func finds() throws {
        let said = StringLiterals.all(
            in: ##"""
                log("The port \(port.number("x")) of " /* "no" */
                    + "edge is taken.") // "A comment says this."
                let text = """
                    One line, \
                    and the same line.
                    """, other = #"A "raw" \#(text) literal"#
                """##)
        #expect(
            said == [
                "x", "The port \u{0} of edge is taken.", "One line, and the same line.", "A \"raw\" \u{0} literal",
            ])
        #expect(Self.isSaid("The port … of edge is taken.", in: said))
        #expect(Self.isSaid("… of edge", in: said))
        #expect(!Self.isSaid("The port of edge is taken.", in: said))
        #expect(!Self.isSaid("The port … is free.", in: said))
        #expect(!Self.isSaid("A comment says this.", in: said))
    }

    // MARK: Pages

    private static func pages() throws -> [Page] {
        try Page.all().filter {
            $0.name.hasPrefix("README.") || ($0.name.hasPrefix("docs/") && !$0.name.hasPrefix("docs/decisions/"))
        }
    }

    /// Whether the page quotes nobody but Perpetua.
    private static func isOurs(_ page: Page) -> Bool {
        !page.name.contains("frameworks/") && !page.name.contains("implementations/")
    }

    private static func quotations(on page: Page) -> [String] { page.spans.filter { isQuotation($0, on: page) } }

    private static func isQuotation(_ span: String, on page: Page) -> Bool {
        guard span.split(separator: " ").count >= 3, span.firstMatch(of: field) == nil else { return false }
        let isSentence = span.firstMatch(of: /^(… )?[A-Za-z][a-z]* [^=]*$/) != nil
        guard isOurs(page) else {
            return isSentence && (span.hasPrefix("… ") || subjects.contains { span.hasPrefix($0) })
        }
        return isSentence && (span.hasPrefix("… ") || span.first?.isUppercase == true)
    }

    // MARK: Sources

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func said() throws -> [String] {
        try ["Services", "Shared"].flatMap { folder in
            let base = root.appending(path: folder)
            return try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".swift") }
                .flatMap { path in
                    StringLiterals.all(in: try String(contentsOf: base.appending(path: path), encoding: .utf8))
                }
        }
    }

    /// Whether the pieces between the `…` occur in one literal, in this order, with something between them.
    private static func isSaid(_ quotation: String, in said: [String]) -> Bool {
        let pieces = quotation.split(separator: "…").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        guard !pieces.isEmpty else { return false }
        return said.contains { literal in
            var rest = literal[...]
            for piece in pieces {
                guard let range = rest.firstRange(of: piece) else { return false }
                rest = rest[range.upperBound...]
            }
            return true
        }
    }
}
