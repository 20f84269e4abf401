import Foundation
import NIOCore
import Testing

@testable import WebSocketTransport

/// The Autobahn cases against the transport alone, as server. They need Python and the package index on first use and
/// take half a minute, so they run only where `PERPETUA_AUTOBAHN` is set; `./test` runs them against the whole of
/// Perpetua.
@Suite(
    "The Autobahn cases", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: ProcessInfo.processInfo.environment["PERPETUA_AUTOBAHN"] != nil))
struct AutobahnTests {
    private static let answer = ByteBuffer(string: #"{"status":"failed","retcode":1400,"data":null}"#)

    @Test("an echo passes every case that applies")
    func asEcho() async throws {
        let server = try await TestServer.start(onText: echo)
        #expect(try await Script(["--echo", "ws://127.0.0.1:\(server.port)/"]).status() == 0)
    }

    @Test("a port that answers every text passes every case that applies")
    func asClientPort() async throws {
        let server = try await TestServer.start(onText: { connection, _ in
            connection.send(text: Self.answer)
            connection.flush()
        })
        #expect(try await Script(["ws://127.0.0.1:\(server.port)/"]).status() == 0)
    }

    @Test("a dialler that echoes passes every case that applies")
    func asClient() async throws {
        let script = try Script(["--serve"])
        let url = try #require(await script.firstLine())
        let counting = try await dial("\(url)/getCaseCount")
        guard case .text(let count) = await counting.nextMessage() else {
            Issue.record("no count of cases")
            return
        }
        let cases = try #require(Int(String(buffer: count)))
        for number in 1...cases {
            let client = try await dial("\(url)/runCase?case=\(number)&agent=perpetua", onText: echo)
            while case .text = await client.nextMessage() {}
        }
        let last = try await dial("\(url)/updateReports?agent=perpetua")
        while case .text = await last.nextMessage() {}
        #expect(await script.status() == 0)
    }

    /// The script at work.
    private struct Script {
        private let process = Process()
        private let output: AsyncStream<String>

        init(_ arguments: [String]) throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Autobahn/run.py")
            let pipe = Pipe()
            output = AsyncStream { continuation in
                pipe.fileHandleForReading.readabilityHandler = { handle in
                    let data = handle.availableData
                    guard !data.isEmpty else {
                        handle.readabilityHandler = nil
                        return continuation.finish()
                    }
                    continuation.yield(String(decoding: data, as: UTF8.self))
                }
            }
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", script.path] + arguments
            process.standardOutput = pipe
            try process.run()
        }

        func firstLine() async -> String? {
            for await text in output { return text.split(separator: "\n").first.map(String.init) }
            return nil
        }

        /// Shows what it prints and waits for its end.
        func status() async -> Int32 {
            for await text in output { print(text, terminator: "") }
            process.waitUntilExit()
            return process.terminationStatus
        }
    }
}
