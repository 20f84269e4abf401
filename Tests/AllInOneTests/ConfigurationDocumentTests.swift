import Foundation
import SettingsReading
import Testing

@Suite("docs/configuration.md")
struct ConfigurationDocumentTests {
    /// One setting as the page or the code has it.
    private struct Row: Hashable, CustomStringConvertible {
        let key, type, defaultValue, range: String
        var description: String { "\(key) (\(type), default \(defaultValue), range \(range))" }
    }

    @Test("it lists the settings the code reads, with their types, defaults and ranges")
    func tables() throws {
        let documented = try page().split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line -> Row? in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map(Self.plain)
            return cells.count >= 6 ? Row(key: cells[0], type: cells[1], defaultValue: cells[2], range: cells[3]) : nil
        }
        // Of the setting whose default differs (`bus`) the page has that of `perpetua`, which comes first.
        let definitions = DeployedProcesses.allCases.flatMap(\.definitions).map { ($0.key, $0) }
        let read = Dictionary(definitions, uniquingKeysWith: { first, _ in first }).values.map {
            Row(key: $0.key, type: $0.type, defaultValue: $0.defaultValue, range: $0.range)
        }
        #expect(read.count > 30)
        #expect(Set(documented).count == documented.count)
        #expect(Set(read).subtracting(documented).map(\.description).sorted() == [], "read, and not documented so")
        #expect(Set(documented).subtracting(read).map(\.description).sorted() == [], "documented, and not read so")
    }

    @Test("every setting says why")
    func reasons() throws {
        for line in try page().split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(Self.plain)
            #expect(cells.dropLast().last?.hasSuffix(".") == true, "\(line)")
        }
    }

    @Test("its examples are right")
    func examples() throws {
        let blocks = try page().components(separatedBy: "```yaml\n").dropFirst()
        #expect(blocks.count > 1)
        for block in blocks {
            let end = try #require(block.firstRange(of: "```")?.lowerBound)
            for process in DeployedProcesses.allCases {
                #expect(try process.problems(with: Settings(file: ("perpetua.yaml", String(block[..<end])))) == [])
            }
        }
    }

    private func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
    }

    private static func plain(_ cell: Substring) -> String {
        let text = cell.trimmingCharacters(in: .whitespaces)
        return text == "–" ? "" : text.replacing("`", with: "")
    }
}
