import Bus
import Logging
import NIOCore
import NIOPosix
import SettingsReading
import Testing

@testable import ServiceRuntime

@Suite("MessageLimit: one limit, derived once")
struct MessageLimitTests {
    private static let mebibyte = 1 << 20

    @Test(
        "sockets and bus have one limit, whichever of the settings is given",
        arguments: [
            (.memory, [:], 64, 64), (.memory, ["max_message_size": "128MiB"], 128, 128),
            (.memory, ["max_message_size": "1MiB"], 1, 1), (.memory, ["amqp.max_message_size": "1MiB"], 64, 64),
            (.amqp, [:], 16, 16), (.amqp, ["max_message_size": "64MiB"], 64, 64),
            (.amqp, ["amqp.max_message_size": "100MiB"], 100, 100), (.amqp, ["amqp.max_message_size": "8MiB"], 8, 8),
            (.amqp, ["amqp.max_message_size": "512MiB"], 256, 512),
            (.amqp, ["max_message_size": "2MiB", "amqp.max_message_size": "16MiB"], 2, 16),
        ] as [(BusSelection, [String: String], Int, Int)])
    func derived(_ bus: BusSelection, _ given: [String: String], _ bytes: Int, _ busBytes: Int) {
        let settings = Settings(flags: given.map { (key: $0, value: $1) })
        let limit = MessageLimit(settings, over: bus)
        #expect(limit.bytes == bytes * Self.mebibyte)
        #expect(limit.busBytes == busBytes * Self.mebibyte)
        if bus == .amqp { #expect(settings.problems.isEmpty) }
    }

    @Test("settings that contradict each other are told, with what to do")
    func contradiction() {
        let settings = Settings(flags: [("max_message_size", "64MiB"), ("amqp.max_message_size", "16MiB")])
        _ = MessageLimit(settings, over: .amqp)
        #expect(settings.problems.map(\.key) == ["max_message_size"])
        #expect(settings.problems.first?.description.contains("amqp.max_message_size") == true)
    }

    @Test("the bus in memory takes what sockets take, and no more", arguments: [nil, "20MiB", "1MiB"])
    func inMemory(given: String?) async throws {
        let settings = Settings(flags: given.map { [("max_message_size", $0)] } ?? [])
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let (bus, limit) = BusSelection.bus(
            settings, reach: .process, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        try await bus.declare(QueueDeclaration("q"))
        for (bytes, isTaken) in [(limit.bytes, true), (limit.bytes + 1, false)] {
            let message = Message(ByteBuffer(repeating: UInt8(ascii: "x"), count: bytes))
            let outcome = await bus.publish(message, to: .toQueue, key: "q", mandatory: true)
            #expect((outcome == .confirmed) == isTaken, "\(bytes) bytes: \(outcome)")
        }
        await bus.close()
    }

    @Test("what is in force is shown, derived or not")
    func shown() {
        let settings = Settings(flags: [("max_message_size", "32MiB")])
        _ = MessageLimit(settings, over: .amqp)
        #expect(settings.effective.contains("amqp.max_message_size: 32MiB"))
        let bare = Settings()
        _ = MessageLimit(bare, over: .memory)
        #expect(bare.effective.contains("max_message_size: 64MiB"))
    }
}
