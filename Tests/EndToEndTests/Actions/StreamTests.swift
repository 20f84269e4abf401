import Bus
import Contracts
import Foundation
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("One question, several answers", .timeLimit(.minutes(2)))
    struct StreamTests {
        private static func type(_ frame: ReceivedFrame) -> String? {
            frame.json?["data"]?.object?["data_type"]?.string ?? frame.json?["data"]?.object?["type"]?.string
        }

        private func withBotAndClient(
            _ yaml: String = "", _ body: @Sendable (SimulatedBot, RunningPerpetua, FakeClient) async throws -> Void
        ) async throws {
            try await withFakeBot { bot in
                try await withPerpetua(yaml, bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await body(bot.bot, perpetua, client)
                }
            }
        }

        /// The frames of one stream, up to the last.
        private func download(_ client: FakeClient, echo: String) async throws -> [ReceivedFrame] {
            var frames: [ReceivedFrame] = []
            while true {
                let frame = try await client.next("a part", within: .seconds(30)) { $0.echo == echo }
                frames.append(frame)
                let type = frame.json?["data"]?.object?["type"]?.string
                if frame["status"] == "failed" || type != "stream" { return frames }
            }
        }

        @Test("a client gets every frame of a download, in order, each with its echo; two at once do not mix")
        func client() async throws {
            try await withBotAndClient { _, _, client in
                for echo in [#"{"n":1}"#, #""b""#] {
                    try await client.send(
                        #"{"action":"test_download_stream","params":{"chunks":50,"chunk_size":1000},"echo":\#(echo)}"#)
                }
                for echo in [#"{"n":1}"#, #""b""#] {
                    let frames = try await download(client, echo: echo)
                    #expect(frames.count == 52)
                    #expect(frames.first.flatMap(Self.type) == "file_info")
                    #expect(frames.last.flatMap(Self.type) == "file_complete")
                    let indices = frames.compactMap { $0.json?["data"]?.object?["index"]?.int64 }
                    #expect(indices == Array(0..<50))
                    #expect(frames.allSatisfy { $0["stream"] == "stream-action" })
                }
                #expect(try await client.call("get_status", echo: "9").int("retcode") == 0)
                #expect(try await client.unread.allSatisfy { $0.echo == nil })
            }
        }

        @Test("one that fails in the middle ends with what the bot says")
        func fails() async throws {
            try await withBotAndClient { _, _, client in
                try await client.send(
                    #"{"action":"test_download_stream","params":{"chunks":3,"error":true},"echo":1}"#)
                let frames = try await download(client, echo: "1")
                #expect(frames.count == 5)
                #expect(frames.last?["status"] == "failed")
            }
        }

        @Test("over HTTP the frames are written one after another, and the last one ends the body")
        func http() async throws {
            try await withBotAndClient { _, perpetua, _ in
                let answer = try await FakeHTTP.get(perpetua.http + "/test_download_stream?chunks=20&chunk_size=5000")
                #expect(answer.status == 200)
                let frames = answer.body.components(separatedBy: "\r\n\r\n")
                #expect(frames.count == 23)
                #expect(frames.last == "")
                #expect(frames.first?.contains("file_info") == true)
                #expect(frames[21].contains("file_complete"))
                #expect(frames.dropLast().allSatisfy { !$0.contains("echo") })
            }
        }

        @Test("a program on the broker gets a message for each, with one correlation id; the last one is marked")
        func program() async throws {
            try await withBotAndClient { bot, perpetua, _ in
                let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                let messages = try await program.callForParts(
                    #"{"action":"test_download_stream","params":{"chunks":20},"echo":[7]}"#,
                    key: Exchanges.actionKey(bot.selfID))
                #expect(messages.count == 22)
                #expect(messages.dropLast().allSatisfy { $0.properties.part == .more })
                #expect(messages.last?.properties.part == .last)
                #expect(try messages.allSatisfy { try JSONObject($0.body)["echo"]?.array?.count == 1 })
            }
        }

        @Test("the bot's link lost in the middle: one more frame, failed, with the echo")
        func linkLost() async throws {
            try await withBotAndClient { bot, _, client in
                try await client.send(
                    #"{"action":"test_download_stream","params":{"chunks":100000,"chunk_size":10000},"echo":5}"#)
                _ = try await client.next { $0.echo == "5" }
                try await bot.goAway(.abrupt)
                let last = try await download(client, echo: "5").last
                #expect(last?["status"] == "failed")
                #expect(last?.int("retcode") == 1503)
            }
        }

        @Test(
            "a client that falls behind loses the rest of the answer, and nothing else; the bot serves others meanwhile"
        )
        func fallsBehind() async throws {
            try await withBotAndClient("edge: {outbound_bytes: 1MiB}") { _, perpetua, client in
                let other = try await FakeClient.connect(to: perpetua.ws)
                _ = try await other.nextEvent("meta_event", "lifecycle")
                try await client.stopReading()
                try await client.send(#"{"action":"test_download_stream","params":{"chunks":2000},"echo":6}"#)
                for number in 1...20 {
                    #expect(try await other.call("get_status", echo: "\(number)").int("retcode") == 0)
                }
                // This bot sends answers in parts for one action after another, so when these are there it has sent all
                // of the first.
                try await other.send(#"{"action":"test_download_stream","params":{"chunks":1},"echo":"all sent"}"#)
                #expect(try await download(other, echo: #""all sent""#).count == 3)
                try await client.resumeReading()
                let frames = try await download(client, echo: "6")
                let last = try #require(frames.last)
                #expect(last["status"] == "failed")
                #expect(last.int("retcode") == 1413)
                let indices = frames.compactMap { $0.json?["data"]?.object?["index"]?.int64 }
                #expect(indices == Array(0..<Int64(indices.count)))
                #expect(indices.count < 2000)
                #expect(try await client.call("get_status", echo: "7").int("retcode") == 0)
            }
        }

        @Test("a client that is gone in the middle leaves the bot and the others alone")
        func clientGone() async throws {
            try await withBotAndClient { bot, perpetua, client in
                try await client.send(#"{"action":"test_download_stream","params":{"chunks":3000},"echo":8}"#)
                _ = try await client.next { $0.echo == "8" }
                try await client.abort()
                let other = try await FakeClient.connect(to: perpetua.ws)
                _ = try await other.nextEvent("meta_event", "lifecycle")
                #expect(try await other.call("get_status", echo: "1").int("retcode") == 0)
            }
        }
    }
}
