import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What bots of today send reaches clients", .timeLimit(.minutes(2)))
    struct BotFixtureTests {
        @Test("byte for byte and in order; in the other form only messages differ")
        func passThrough() async throws {
            let kinds: Set<BotFixture.Kind> = [.message, .notice, .request]
            let fixtures = try BotFixture.all(of: kinds)
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 0", bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let array = try await FakeClient.connect(to: perpetua.ws + "/?message_format=array")
                    let string = try await FakeClient.connect(to: perpetua.ws + "/?message_format=string")
                    for client in [plain, array, string] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    for fixture in fixtures { try await bot.bot.emit(fixture.text) }
                    for fixture in fixtures {
                        let isFixture: @Sendable (ReceivedFrame) -> Bool = {
                            $0["notice_type"] != "client_status" || $0.json?["client"]?.object?["device_kind"] != nil
                        }
                        let frame = try await plain.next("\(fixture)", where: isFixture)
                        #expect(frame.text == fixture.text)
                        for (client, format) in [(array, MessageFormat.array), (string, .string)] {
                            let frame = try await client.next("\(fixture)", where: isFixture)
                            guard case .event(let event) = BotFrame(parsing: fixture.bytes) else { continue }
                            #expect(frame.text == String(buffer: format.convert(event) ?? fixture.bytes))
                        }
                    }
                }
            }
        }
    }
}
