import Foundation
import Testing

/// SwiftPM lets a target import modules that it never declared; these tests do not. ARCHITECTURE.md has the drawing
/// they follow.
@Suite("The architecture holds")
struct ArchitectureTests {
    /// Which of our modules each of our modules may import. `SettingsReading` and `Observability`: anyone above the
    /// bottom row.
    static let ours: [String: Set<String>] = [
        "OneBot": [],
        "Bus": [],
        "SettingsReading": [],
        "Observability": [],
        "CSendRing": [],
        "Listening": ["Observability"],
        "WebSocketTransport": ["Observability", "CSendRing", "Listening"],
        "CRabbitMQ": [],
        "CLibcrypto": [],
        "AMQP": ["Bus", "SettingsReading", "Observability", "CRabbitMQ"],
        "Contracts": ["OneBot", "Bus", "Observability"],
        "Claims": ["OneBot", "Bus", "Contracts"],
        "Actions": ["OneBot", "Bus", "Contracts", "SettingsReading", "Observability"],
        "WSEdge": [
            "OneBot", "Bus", "Contracts", "Claims", "Actions", "WebSocketTransport", "Listening",
            "SettingsReading", "Observability", "CLibcrypto",
        ],
        "Registry": ["OneBot", "Bus", "Contracts", "Claims", "SettingsReading", "Observability"],
        "APIGateway": ["OneBot", "Bus", "Contracts", "Actions", "Listening", "SettingsReading", "Observability"],
        "ServiceRuntime": ["Bus", "AMQP", "Listening", "SettingsReading", "Observability"],
        "WSEdgeMain": ["WSEdge", "ServiceRuntime", "SettingsReading"],
        "RegistryMain": ["Registry", "ServiceRuntime", "SettingsReading"],
        "APIGatewayMain": ["APIGateway", "ServiceRuntime", "SettingsReading"],
        "perpetua": [
            "WSEdge", "Registry", "APIGateway", "ServiceRuntime", "Actions", "Contracts", "OneBot", "Bus",
            "SettingsReading",
            "Observability",
        ],
    ]

    /// Heavy packages, and the one module that knows each.
    static let heavy: [String: Set<String>] = [
        "Hummingbird": ["APIGateway"], "HummingbirdCore": ["APIGateway"], "GRDB": ["Registry"],
        "Yams": ["SettingsReading"],
        "NIOWebSocket": ["WebSocketTransport"], "NIOSSL": ["WebSocketTransport", "AMQP"],
    ]

    static let folders = [
        "OneBot": "Shared/OneBot", "Bus": "Shared/Bus", "SettingsReading": "Shared/SettingsReading",
        "Observability": "Shared/Observability", "Listening": "Shared/Listening",
        "WebSocketTransport": "Shared/WebSocketTransport",
        "Contracts": "Shared/Contracts", "Claims": "Shared/Claims", "Actions": "Shared/Actions",
        "WSEdge": "Services/ws-edge", "Registry": "Services/registry", "APIGateway": "Services/api-gateway",
        "ServiceRuntime": "Shared/ServiceRuntime",
        "perpetua": "Services/all-in-one", "AMQP": "Shared/AMQP", "WSEdgeMain": "Services/ws-edge/Main",
        "RegistryMain": "Services/registry/Main", "APIGatewayMain": "Services/api-gateway/Main",
    ]

    @Test("a module imports what the drawing allows", arguments: folders.keys.sorted())
    func imports(module: String) throws {
        let allowed = try #require(Self.ours[module])
        let folder = try #require(Self.folders[module])
        // A service's folder also holds that of its process, which is a module of its own.
        let files = try Self.swiftFiles(in: folder).filter {
            folder.hasSuffix("/Main") || !$0.contains("\(folder)/Main/")
        }
        #expect(!files.isEmpty, "\(module) has no files: is its folder in the table right?")
        for file in files {
            for name in try Self.imports(of: file) {
                if Self.ours[name] != nil {
                    #expect(allowed.contains(name), "\(file) imports \(name)")
                }
                if let knowers = Self.heavy[name] {
                    #expect(knowers.contains(module), "\(file) imports \(name)")
                }
            }
        }
    }

    @Test("no Swift file is longer than 400 lines")
    func length() throws {
        let files = try ["Services", "Shared", "Tests", "Examples"].flatMap { try Self.swiftFiles(in: $0) }
        #expect(files.count > 100)
        for file in files {
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 401, "\(file) has \(lines.count) lines")
        }
    }

    @Test("no folder holds more than 15 Swift files beside its folders")
    func size() throws {
        let files = try ["Services", "Shared", "Tests", "Examples"].flatMap { try Self.swiftFiles(in: $0) }
        let folders = Dictionary(grouping: files) { URL(filePath: $0).deletingLastPathComponent().path }
        #expect(folders.count > 50)
        for (folder, files) in folders {
            #expect(files.count <= 15, "\(folder) has \(files.count) files: give those of one concept a folder")
        }
    }

    @Test("comment lines have at most 120 columns")
    func commentLines() throws {
        let folders = ["Services", "Shared", "Tests", "Examples", "Benchmarks/Sources", "Benchmarks/Micro/Sources"]
        let manifests = ["", "/Benchmarks", "/Benchmarks/Micro"].map { "\(Self.root)\($0)/Package.swift" }
        let files = try folders.flatMap { try Self.swiftFiles(in: $0) } + manifests
        #expect(files.count > 500)
        for file in files {
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.utf8.count > 120 && line.count > 120 {
                guard line.drop(while: { $0 == " " }).hasPrefix("//") else { continue }
                Issue.record("\(file):\(index + 1) has \(line.count) columns")
            }
        }
    }

    @Test("no module bears the name of one of its types: Module.Type would mean a member of the type")
    func names() throws {
        for (module, folder) in Self.folders {
            for file in try Self.swiftFiles(in: folder) {
                let text = try String(contentsOfFile: file, encoding: .utf8)
                for kind in ["struct", "class", "enum", "actor", "protocol"] {
                    #expect(!text.contains("\(kind) \(module) "), "\(file)")
                    #expect(!text.contains("\(kind) \(module):"), "\(file)")
                }
            }
        }
    }

    /// Words that our sources avoid, and the folders where they are allowed.
    static let shunned: [(word: String, reason: String, folders: [String])] = [
        ("UUID()", "it is the same for all where no descriptor is free: take FreshUUID", []),
        (
            "= MessageProperties()\n", "every message says what it is and whose: name its type and service",
            ["Shared/Bus/", "Shared/AMQP/"]
        ),
    ]

    @Test("our sources do without what has let us down")
    func words() throws {
        for file in try ["Services", "Shared", "Examples"].flatMap({ try Self.swiftFiles(in: $0) }) {
            let lines = try String(contentsOfFile: file, encoding: .utf8).components(separatedBy: "\n")
            let code = lines.filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }.joined(separator: "\n")
            for (word, reason, folders) in Self.shunned where !folders.contains(where: { file.contains("/\($0)") }) {
                #expect(!code.contains(word), "\(file) has \(word): \(reason)")
            }
        }
    }

    @Test("the folders of the table are all there are")
    func complete() throws {
        let manager = FileManager.default
        for parent in ["Services", "Shared"] {
            let found = try manager.contentsOfDirectory(atPath: Self.root + "/" + parent).map { "\(parent)/\($0)" }
            let inC: Set = ["Shared/CLibcrypto", "Shared/CRabbitMQ", "Shared/CSendRing"]
            #expect(Set(found).subtracting(inC).isSubset(of: Set(Self.folders.values)), "\(found)")
        }
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func swiftFiles(in folder: String) throws -> [String] {
        let base = root + "/" + folder
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base)
        return paths.filter { $0.hasSuffix(".swift") }.map { base + "/" + $0 }
    }

    private static func imports(of file: String) throws -> [String] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index <= 2, !line.hasPrefix("//"), index + 1 < words.count
            else { return nil }
            let name = words[index + 1]
            return String(name.prefix { $0 != "." })
        }
    }
}
