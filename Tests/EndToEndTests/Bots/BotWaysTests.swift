import Foundation
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

/// How a bot and Perpetua may be connected.
enum BotWay: CaseIterable, Sendable, CustomTestStringConvertible {
    case dialledUniversal, dialledPair, reverseUniversal, reversePair

    var testDescription: String { "\(self)" }
}

extension EndToEnd {
    @Suite("Whatever way a bot is connected", .timeLimit(.minutes(2)))
    struct BotWaysTests {
        /// Runs `body` with a bot connected that way, and a client that has seen its lifecycle.
        private func with(
            _ way: BotWay,
            answering script: @escaping @Sendable (ReceivedAction) -> ScriptedAnswer? = { _ in .standard },
            _ body: @Sendable (FakeBot, FakeClient) async throws -> Void
        ) async throws {
            switch way {
            case .dialledUniversal, .dialledPair:
                try await withFakeBot(answering: script) { bot in
                    let base = "ws://127.0.0.1:\(bot.port)"
                    let yaml =
                        way == .dialledPair ? "bots: [{api_url: \"\(base)/api\", event_url: \"\(base)/event\"}]" : ""
                    try await withPerpetua(yaml, bots: way == .dialledPair ? [] : [bot.url]) { perpetua in
                        try await bot.bot.waitForLinks(atLeast: way == .dialledPair ? 2 : 1)
                        try await meet(bot, perpetua, body)
                    }
                }
            case .reverseUniversal, .reversePair:
                try await withPerpetua { perpetua in
                    var configuration = SimulatedBotConfiguration.scripted
                    configuration.port = nil
                    let url = perpetua.ws + "/bot"
                    configuration.reverseTargets =
                        way == .reversePair
                        ? [ReverseTarget(url: url, role: .api), ReverseTarget(url: url, role: .event)]
                        : [ReverseTarget(url: url)]
                    try await withFakeBot(configuration, answering: script) { bot in
                        try await bot.bot.waitForLinks(atLeast: way == .reversePair ? 2 : 1)
                        try await meet(bot, perpetua, body)
                    }
                }
            }
        }

        private func meet(
            _ bot: FakeBot, _ perpetua: RunningPerpetua, _ body: (FakeBot, FakeClient) async throws -> Void
        ) async throws {
            let client = try await FakeClient.connect(to: perpetua.ws)
            _ = try await client.nextEvent("meta_event", "lifecycle")
            try await eventually("the bot answers") {
                try await client.call("get_status", echo: "1").int("retcode") == 0
            }
            // Either connection of a pair may be up first; here that of events counts.
            try await eventually("its events come") {
                try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"ready"}"#)
                return try await client.unread.contains { $0["notice_type"] == "ready" }
            }
            try await body(bot, client)
        }

        @Test("every kind of event of the standard and beyond it passes byte for byte", arguments: BotWay.allCases)
        func events(way: BotWay) async throws {
            let fixtures = try Self.fixtures { !$0.hasPrefix("response") && !$0.hasPrefix("action") }
                .filter { !$0.name.contains("-response-") }
            #expect(fixtures.count > 20)
            try await with(way) { bot, client in
                for fixture in fixtures { try await bot.bot.emit(fixture.text) }
                try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"end"}"#)
                _ = try await client.nextEvent("notice", "end")
                let ours: Set<String> = ["ready", "client_status", "event_gap"]
                let passed = try await client.unread.filter { frame in
                    frame["notice_type"].map { !ours.contains($0) } ?? (frame["post_type"] != nil)
                        && frame["meta_event_type"] != "heartbeat"
                }
                // The contract's exceptions: the bot's heartbeat and its lifecycle/connect are replaced by ours.
                let expected = fixtures.filter { !["meta-heartbeat", "meta-lifecycle-connect"].contains($0.name) }
                #expect(passed.map(\.text) == expected.map(\.text))
            }
        }

        @Test("a bot's answer passes byte for byte but for its echo", arguments: BotWay.allCases)
        func answers(way: BotWay) async throws {
            let fixtures = try Self.fixtures { $0.contains("response-") && !$0.hasSuffix("no-echo") }
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard let fixture = fixtures.first(where: { "fixture_" + $0.name == action.name }),
                    let echo = action.echo, let object = try? JSONObject(ByteBuffer(string: fixture.text))
                else { return .standard }
                return .frames([String(buffer: object.setting("echo", to: ByteBuffer(string: echo)))])
            }
            #expect(fixtures.count > 3)
            try await with(way, answering: script) { _, client in
                for fixture in fixtures {
                    let echo = #"{"of":["\#(fixture.name)", null]}"#
                    let answer = try await client.call("fixture_" + fixture.name, echo: echo)
                    let object = try JSONObject(ByteBuffer(string: fixture.text))
                    #expect(answer.text == String(buffer: object.setting("echo", to: ByteBuffer(string: echo))))
                }
            }
        }

        /// Frames of `Tests/Fixtures/onebot-11`, by name.
        private static func fixtures(_ isWanted: (String) -> Bool) throws -> [(name: String, text: String)] {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
                .appending(path: "Fixtures/onebot-11")
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                .filter { $0.hasSuffix(".json") && isWanted(String($0.dropLast(5))) }
                .map { file in
                    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                    return (String(file.dropLast(5)), text.hasSuffix("\n") ? String(text.dropLast()) : text)
                }
        }
    }
}
