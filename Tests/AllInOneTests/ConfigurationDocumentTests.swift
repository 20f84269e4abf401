import Foundation
import Testing

@testable import SettingsReading

@Suite("docs/configuration.md, in both languages")
struct ConfigurationDocumentTests {
    enum Language: String, CaseIterable, Sendable {
        case english = "docs/configuration.md"
        case chinese = "docs/configuration.zh-CN.md"

        var fullStop: String { self == .english ? "." : "。" }

        /// What the page calls the types that the code names.
        var types: [String: String] {
            switch self {
            case .english: [:]
            case .chinese:
                [
                    "文本": "text", "数字": "number", "时长": "duration", "大小": "size", "开关": "switch", "选项": "choice",
                    "机密": "secret", "文本列表": "list of texts", "按名称的时长": "durations by name",
                ]
            }
        }
    }

    /// One setting as the page or the code has it.
    private struct Row: Hashable, CustomStringConvertible {
        let key, type, defaultValue, range: String
        var description: String { "\(key) (\(type), default \(defaultValue), range \(range))" }
    }

    /// Where processes have different defaults (`bus`), this has that of `perpetua`, which comes first.
    private static let definitions = Array(
        Dictionary(
            DeployedProcesses.allCases.flatMap(\.definitions).map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first }
        ).values)

    @Test("it lists the settings the code reads, with their types, defaults and ranges", arguments: Language.allCases)
    func tables(language: Language) throws {
        let documented = try Self.rows(language)
        let read = Self.definitions.map {
            Row(key: $0.key, type: $0.type, defaultValue: $0.defaultValue, range: $0.range)
        }
        #expect(read.count > 30)
        #expect(Set(documented).count == documented.count)
        #expect(Set(read).subtracting(documented).map(\.description).sorted() == [], "read, and not documented so")
        #expect(Set(documented).subtracting(read).map(\.description).sorted() == [], "documented, and not read so")
    }

    @Test("both have them in the same order")
    func order() throws {
        for (english, chinese) in zip(try Self.rows(.english), try Self.rows(.chinese)) {
            #expect(english == chinese)
        }
    }

    @Test("every setting says why", arguments: Language.allCases)
    func reasons(language: Language) throws {
        for cells in try Page(language.rawValue).rows {
            #expect(cells.last?.hasSuffix(language.fullStop) == true, "\(cells)")
        }
    }

    @Test("the variables it names are settings', and the same in both", arguments: Language.allCases)
    func variables(language: Language) throws {
        let known = Set(
            Self.definitions.flatMap { definition in
                let name = EnvironmentName.of(definition.key.replacing("[]", with: "[0]"))
                return definition.isSecret ? [name, name + "_FILE"] : [name]
            })
        // The variable that names the file, and examples of what Kubernetes sets.
        let others = EnvironmentName.notSettings.union(["PERPETUA_PORT", "PERPETUA_SERVICE_HOST"])
        let named = try Self.variables(language)
        #expect(named.subtracting(known).subtracting(others).sorted() == [])
        let english = try Self.variables(.english)
        #expect(named == english)
        #expect(named.count > 5)
    }

    @Test("its examples are right", arguments: Language.allCases)
    func examples(language: Language) throws {
        let blocks = try Page(language.rawValue).text.components(separatedBy: "```yaml\n").dropFirst()
        #expect(blocks.count > 1)
        for block in blocks {
            let end = try #require(block.firstRange(of: "```")?.lowerBound)
            for process in DeployedProcesses.allCases {
                #expect(try process.problems(with: Settings(file: ("perpetua.yaml", String(block[..<end])))) == [])
            }
        }
    }

    private static func rows(_ language: Language) throws -> [Row] {
        try Page(language.rawValue).rows.filter { $0.count >= 5 }.map { cells in
            let plain = cells.map { $0 == "–" ? "" : $0.replacing("`", with: "") }
            return Row(
                key: plain[0], type: language.types[plain[1]] ?? plain[1], defaultValue: plain[2], range: plain[3])
        }
    }

    private static func variables(_ language: Language) throws -> Set<String> {
        Set(try Page(language.rawValue).text.matches(of: /PERPETUA_[A-Z0-9_]*[A-Z0-9]/).map { String($0.output) })
    }
}
