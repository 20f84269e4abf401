import Foundation
public import NIOCore

/// A frame as a present-day bot sends it, from `Tests/Fixtures/bots`: the account is 10001, the groups are 30003 and
/// 30004, the people 20001 and up.
public struct BotFixture: Sendable, CustomStringConvertible {
    /// The implementation that writes frames like this.
    public enum Implementation: String, Sendable, CaseIterable {
        case napcat, llbot, lagrange
        case goCQHTTP = "go-cqhttp"
    }

    /// What it is: the first word of its file's name.
    public enum Kind: String, Sendable, CaseIterable { case message, notice, request, meta, response }

    public let implementation: Implementation
    public let kind: Kind
    /// The file's name without `.json`: `notice-bot-offline`.
    public let name: String
    /// The frame, byte for byte.
    public let text: String

    public static let account: Int64 = 10_001

    public var bytes: ByteBuffer { ByteBuffer(string: text) }
    public var description: String { "\(implementation.rawValue)/\(name)" }

    /// - Throws: where there is no such file, or its name does not begin with a kind.
    public init(_ implementation: Implementation, _ name: String) throws {
        self.implementation = implementation
        self.name = name
        guard let kind = name.split(separator: "-").first.flatMap({ Kind(rawValue: String($0)) }) else {
            throw CocoaError(.fileReadInvalidFileName)
        }
        self.kind = kind
        let file = try String(
            contentsOf: Self.folder(of: implementation).appending(path: "\(name).json"), encoding: .utf8)
        // The last line end belongs to the file; one before it belongs to the frame.
        text = file.hasSuffix("\n") ? String(file.dropLast()) : file
    }

    public static func all(of kinds: Set<Kind> = Set(Kind.allCases)) throws -> [BotFixture] {
        try Implementation.allCases.flatMap { try all(of: kinds, by: $0) }
    }

    public static func all(of kinds: Set<Kind>, by implementation: Implementation) throws -> [BotFixture] {
        try FileManager.default.contentsOfDirectory(atPath: folder(of: implementation).path).sorted()
            .filter { $0.hasSuffix(".json") }
            .map { try BotFixture(implementation, String($0.dropLast(5))) }
            .filter { kinds.contains($0.kind) }
    }

    /// The kinds that are events.
    public static let events: Set<Kind> = [.message, .notice, .request, .meta]

    private static func folder(of implementation: Implementation) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/bots/\(implementation.rawValue)")
    }
}
