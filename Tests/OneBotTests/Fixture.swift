import Foundation
import NIOCore
import Testing

/// A frame from `Tests/Fixtures/onebot-11`.
struct Fixture: CustomTestStringConvertible, Sendable {
    /// The file's name without `.json`; its first word says what the frame is.
    let name: String
    let text: String

    var bytes: ByteBuffer { ByteBuffer(string: text) }
    var testDescription: String { name }

    init(_ name: String) throws {
        self.name = name
        let file = try String(contentsOf: Self.folder.appending(path: "\(name).json"), encoding: .utf8)
        text = file.hasSuffix("\n") ? String(file.dropLast()) : file
    }

    static func all() throws -> [Fixture] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".json") }
            .map { try Fixture(String($0.dropLast(5))) }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/onebot-11")
}
