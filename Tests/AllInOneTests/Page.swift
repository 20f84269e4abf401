import Foundation

/// A page of the documentation, as it lies in the repository.
struct Page {
    /// From the root of the repository: `docs/operating.md`.
    let name: String
    let text: String

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    init(_ name: String) throws {
        self.init(name: name, text: try String(contentsOfFile: Self.path(of: name), encoding: .utf8))
    }

    /// The pages of the root and of `docs`.
    static func all() throws -> [Page] {
        let manager = FileManager.default
        let names =
            try manager.contentsOfDirectory(atPath: root)
            + manager.subpathsOfDirectory(atPath: root + "/docs").map { "docs/\($0)" }
        return try names.filter { $0.hasSuffix(".md") }.sorted().map { try Page($0) }
    }

    /// The pages in Chinese, each with the English one.
    static func translations() throws -> [(english: Page, chinese: Page)] {
        try all().filter(\.isChinese).map { page in
            (try Page(page.name.replacing(".zh-CN.md", with: ".md")), page)
        }
    }

    static func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(of: name)) }

    private static func path(of name: String) -> String { root + "/" + name }

    var isChinese: Bool { name.hasSuffix(".zh-CN.md") }

    /// Without blocks of code.
    var prose: String { text.replacing(/(?s)```.*?```/, with: "") }

    /// What the prose marks as code.
    var spans: [String] { prose.matches(of: /`([^`\n]+)`/).map { String($0.output.1) } }

    /// Lines like `## Limits`.
    var headings: [String] { prose.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init) }

    /// The rows of the tables whose first cell is code, as their cells.
    var rows: [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }

    /// The anchors GitHub makes of the headings: `## The broker (TLS)` becomes `the-broker-tls`.
    var anchors: [String] {
        var seen: [String: Int] = [:]
        return headings.map { heading in
            let words = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
            let anchor = String(
                words.map { $0 == " " ? "-" : $0 }.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
            let earlier = seen[anchor, default: 0]
            seen[anchor] = earlier + 1
            return earlier == 0 ? anchor : "\(anchor)-\(earlier)"
        }
    }

    /// A link to a file of the repository.
    struct Link: Hashable {
        /// From the root of the repository; the page itself where the link names no file.
        let target: String
        /// Without `#`; `nil` where the link is to the whole page.
        let anchor: String?
    }

    var links: [Link] { Self.links(in: prose, of: name) }

    /// The links before the first section.
    var linksAtBeginning: [Link] {
        let prose = prose
        let end = prose.firstRange(of: "\n## ")?.lowerBound ?? prose.endIndex
        return Self.links(in: String(prose[..<end]), of: name)
    }

    private static func links(in prose: String, of name: String) -> [Link] {
        // Brackets in code are not links.
        prose.replacing(/`[^`\n]*`/, with: "").matches(of: /\]\(([^)\s]*)\)/).map { $0.output.1 }
            .filter { $0.firstMatch(of: /^[a-z]+:/) == nil }
            .map { address in
                let parts = address.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                return Link(
                    target: parts[0].isEmpty ? name : resolve(String(parts[0]), from: name),
                    anchor: parts.count > 1 ? String(parts[1]) : nil)
            }
    }

    private static func resolve(_ path: String, from name: String) -> String {
        var folders = name.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
        }
        return folders.joined(separator: "/")
    }
}
