import Foundation
import TestSupport
import Testing

/// One of our programs, as a user starts it, in a folder of its own; it can be ended and started again as it was.
final class RunningProgram: @unchecked Sendable {  // Foundation's Process; each test uses its own from one task.
    /// `perpetua`, `ws-edge`, ….
    let product: String
    private let folder: URL
    private let arguments: [String]
    private let output: URL
    private let descriptors: Int?
    private var process: Process

    /// Starts it.
    /// - Parameter descriptors: how many descriptors it may have open, and half of that before it raises its limit;
    ///   `nil`: as many as the tests.
    init(_ product: String, in folder: URL, _ arguments: [String], descriptors: Int? = nil) throws {
        self.descriptors = descriptors
        self.product = product
        self.folder = folder
        self.arguments = arguments
        output = folder.appendingPathComponent("output-\(product)-\(UUID().uuidString)")
        try Data().write(to: output)
        process = Process()
        try start()
    }

    /// A test that fails leaves nothing running.
    deinit {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    /// Starts it again with the same arguments, after it has ended.
    func start() throws {
        process = Process()
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent(product)
        process.executableURL = program
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        process.arguments = arguments
        if let descriptors {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments =
                ["-c", "ulimit -n \(descriptors); ulimit -S -n \(descriptors / 2); exec \"$0\" \"$@\"", program.path]
                + arguments
        }
        let handle = try FileHandle(forWritingTo: output)
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.runUnblocked()
    }

    /// Everything it printed so far, over all its lives.
    var printed: String {
        // `try?`: the initialiser has made the file.
        (try? String(contentsOf: output, encoding: .utf8)) ?? ""
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Waits for 200 from `GET /health/ready`.
    /// - Parameter http: `http://127.0.0.1:PORT`.
    func waitUntilReady(at http: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually(within: limit, "\(product) is ready") {
            guard process.isRunning else { throw Ended(product: product, output: printed) }
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

    /// Makes it read its settings again.
    func hangUp() { Foundation.kill(process.processIdentifier, SIGHUP) }

    func terminate() { Foundation.kill(process.processIdentifier, SIGTERM) }

    func exitCode() async throws -> Int32 {
        try await eventually(within: .seconds(30), "\(product) has ended") { !process.isRunning }
        return process.terminationStatus
    }

    struct Ended: Error, CustomStringConvertible {
        let product: String
        let output: String
        var description: String { "\(product) ended: \(output)" }
    }
}

/// Runs `body` in a new folder that is removed afterwards.
func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perpetua-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        // `try?`: a leftover folder does no harm.
        try? FileManager.default.removeItem(at: folder)
    }
    try await body(folder)
}
