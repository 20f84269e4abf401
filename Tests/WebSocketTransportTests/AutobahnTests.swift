import Foundation
import NIOCore
import Testing

@testable import WebSocketTransport

/// The Autobahn cases against the transport alone, as server. They need Python and the package index on first use and take half a
/// minute, so they run only where `PERPETUA_AUTOBAHN` is set; `./test` runs them against the whole of Perpetua.
@Suite(
    "The Autobahn cases", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: ProcessInfo.processInfo.environment["PERPETUA_AUTOBAHN"] != nil))
struct AutobahnTests {
    private static let answer = ByteBuffer(string: #"{"status":"failed","retcode":1400,"data":null}"#)

    @Test("an echo passes every case that applies")
    func asEcho() async throws {
        let server = try await TestServer.start(onText: echo)
        #expect(try await run(["--echo", "ws://127.0.0.1:\(server.port)/"]) == 0)
    }

    @Test("a port that answers every text passes every case that applies")
    func asClientPort() async throws {
        let server = try await TestServer.start(onText: { connection, _ in
            connection.send(text: Self.answer)
            connection.flush()
        })
        #expect(try await run(["ws://127.0.0.1:\(server.port)/"]) == 0)
    }

    /// Runs the script and waits for its exit status.
    private func run(_ arguments: [String]) async throws -> Int32 {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Autobahn/run.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path] + arguments
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
