import Foundation

/// Runs one of our own scripts, and waits for it without holding a thread.
enum ScriptRun {
    /// The repository.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// - Parameters:
    ///   - script: its path in the repository.
    ///   - environment: what is added to ours.
    /// - Returns: what it printed, without the last line break.
    /// - Throws: ``ScriptFailure`` if it ends with another code than 0.
    static func output(
        of script: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("script-\(UUID().uuidString)")
        try Data().write(to: file)
        defer {
            // `try?`: a leftover file does no harm.
            try? FileManager.default.removeItem(at: file)
        }
        let process = Process()
        process.executableURL = root.appendingPathComponent(script)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // A file instead of a pipe: a process that lives on would keep the pipe open.
        let handle = try FileHandle(forWritingTo: file)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        let code: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.runUnblocked()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        let printed = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
        guard code == 0 else { throw ScriptFailure(script: script, arguments: arguments, code: code, printed: printed) }
        return printed
    }
}

/// A script ended with another code than 0.
public struct ScriptFailure: Error, CustomStringConvertible {
    let script: String
    let arguments: [String]
    let code: Int32
    let printed: String

    public var description: String {
        "\(script) \(arguments.joined(separator: " ")) ended with \(code) and printed: \(printed)"
    }
}
