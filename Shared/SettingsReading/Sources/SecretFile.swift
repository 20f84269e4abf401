import Foundation

/// A secret kept in a file of its own, as Docker and Kubernetes hand them out.
enum SecretFile {
    static let largest = 64 << 10

    enum Failure: Error, Hashable {
        case unreadable(String)
        case tooLarge
        case notText

        var remedy: String {
            switch self {
            case .unreadable(let reason): "The file cannot be read: \(reason)"
            case .tooLarge: "The file is larger than \(ByteCountText.write(SecretFile.largest)): that is no secret."
            case .notText: "The file is no UTF-8 text."
            }
        }
    }

    /// The file's text without the line end that editors add.
    static func read(_ path: String) throws(Failure) -> String {
        let data: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }  // `try?`: it was only read.
            data = try file.read(upToCount: largest + 1) ?? Data()
        } catch {
            throw .unreadable(error.localizedDescription)
        }
        guard data.count <= largest else { throw .tooLarge }
        guard let text = String(validating: data, as: UTF8.self) else { throw .notText }
        return text.trimmingCharacters(in: .newlines)
    }
}
