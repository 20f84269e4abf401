import Foundation
import TestSupport
import Testing

/// The program itself, as a user starts it, in a folder of its own.
final class PerpetuaProcess: @unchecked Sendable {  // Foundation's Process; each test uses its own from one task.
    let ws: String
    let http: String
    private let process = Process()
    private let output: URL

    static var executable: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("perpetua")
    }

    /// - Parameter ports: the shared port and the gateway's.
    init(in folder: URL, ports: ClosedRange<Int>, _ arguments: [String] = []) throws {
        ws = "ws://127.0.0.1:\(ports.lowerBound)"
        http = "http://127.0.0.1:\(ports.upperBound)"
        output = folder.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: output)
        process.executableURL = Self.executable
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        process.arguments =
            ["--edge.shared_port", "\(ports.lowerBound)", "--api.port", "\(ports.upperBound)"] + arguments
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// A test that fails leaves nothing running.
    deinit {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGTERM) }
    }

    /// Everything it printed so far.
    var printed: String {
        // It is there since the initialiser made it.
        (try? String(contentsOf: output, encoding: .utf8)) ?? ""
    }

    func waitUntilReady() async throws {
        try await eventually(within: .seconds(30), "perpetua is ready") {
            guard process.isRunning else { throw Ended(output: printed) }
            do {
                return try await FakeHTTP.get(http + "/health/ready").status == 200
            } catch {
                return false  // It does not listen yet.
            }
        }
    }

    func kill() async throws {
        Foundation.kill(process.processIdentifier, SIGKILL)
        _ = try await exitCode()
    }

    var isRunning: Bool { process.isRunning }

    func terminate() { Foundation.kill(process.processIdentifier, SIGTERM) }

    func exitCode() async throws -> Int32 {
        try await eventually(within: .seconds(30), "perpetua has ended") { !process.isRunning }
        return process.terminationStatus
    }

    struct Ended: Error, CustomStringConvertible {
        let output: String
        var description: String { "perpetua ended: \(output)" }
    }
}

/// Runs `body` in a new folder that is removed afterwards.
func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perpetua-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        // What is left over does no harm.
        try? FileManager.default.removeItem(at: folder)
    }
    try await body(folder)
}
