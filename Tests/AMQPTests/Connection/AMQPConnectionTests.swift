import Bus
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import AMQP

/// Without a socket: a broker's bytes go in, and the tests look at what we send and deliver.
@Suite("AMQPConnection", .timeLimit(.minutes(2)))
struct AMQPConnectionTests {
    /// A connection with a channel, in the state the broker's bytes have brought it to.
    private final class Stage: @unchecked Sendable {  // an embedded loop runs on the test's thread
        let channel: EmbeddedChannel
        let connection: AMQPConnection
        var ending: AMQPError?
        var delivered: [String] = []

        init() throws {
            let address = try #require(AMQPAddress("amqp://h"))
            channel = EmbeddedChannel()
            connection = try AMQPConnection(
                configuration: AMQPConfiguration([address]), address: address, eventLoop: channel.eventLoop)
            try channel.pipeline.syncOperations.addHandler(connection)
            connection.onClosed = { [weak self] in self?.ending = $0 }
            connection.opened.whenFailure { _ in }
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func feed(_ bytes: ByteBuffer...) throws {
            for bytes in bytes where channel.isActive { try channel.writeInbound(bytes) }
            channel.embeddedEventLoop.run()
        }

        func open() throws {
            try feed(BrokerBytes.start(), BrokerBytes.tune(), BrokerBytes.openOK)
        }

        func openChannel() throws {
            connection.openChannel().whenSuccess { [weak self] channel in
                channel.onMessage = { self?.delivered.append(String(buffer: $0.message.body)) }
            }
            try feed(BrokerBytes.channelOpenOK(1))
        }

        var said: String {
            var all = ""
            while let bytes = try? channel.readOutbound(as: ByteBuffer.self) {  // nothing more: the end
                all += String(buffer: bytes)
            }
            return all
        }

        func end() { _ = try? channel.finish(acceptAlreadyClosed: true) }  // what is left over does not matter
    }

    @Test("opens, takes a delivery in pieces, and answers the broker's close")
    func life() throws {
        let stage = try Stage()
        defer { stage.end() }
        try stage.open()
        #expect(stage.ending == nil)
        #expect(stage.said.hasPrefix("AMQP\u{0}\u{0}\u{9}\u{1}"))
        try stage.openChannel()
        try stage.feed(
            BrokerBytes.deliver(1, tag: 1, key: "k"), BrokerBytes.header(1, bodyBytes: 4), BrokerBytes.body(1, "ab"),
            BrokerBytes.heartbeat, BrokerBytes.body(1, "cd"))
        #expect(stage.delivered == ["abcd"])
        try stage.feed(BrokerBytes.close(320, "CONNECTION_FORCED"))
        #expect(stage.ending == .closedByBroker(code: 320, text: "CONNECTION_FORCED"))
    }

    @Test("frames cut anywhere are put together")
    func cut() throws {
        let stage = try Stage()
        defer { stage.end() }
        for frame in [BrokerBytes.start(), BrokerBytes.tune(), BrokerBytes.openOK] {
            for byte in frame.readableBytesView { try stage.feed(ByteBuffer(bytes: [byte])) }
        }
        try stage.openChannel()
        for frame in [
            BrokerBytes.deliver(1, tag: 1, key: "k"), BrokerBytes.header(1, bodyBytes: 2), BrokerBytes.body(1, "ab"),
        ] {
            for byte in frame.readableBytesView { try stage.feed(ByteBuffer(bytes: [byte])) }
        }
        #expect(stage.delivered == ["ab"])
    }

    @Test("a frame on a channel nobody opened, or an answer to nothing, ends the connection with a reason")
    func violations() throws {
        for bytes in [
            BrokerBytes.deliver(7, tag: 1, key: "k"), BrokerBytes.channelOpenOK(1),
            ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"),
        ] {
            let stage = try Stage()
            defer { stage.end() }
            try stage.open()
            try stage.feed(bytes)
            guard case .protocolViolation = stage.ending else {
                Issue.record("\(String(describing: stage.ending))")
                continue
            }
            #expect(!stage.channel.isActive)
        }
    }

    @Test("tables nested as deep as a frame allows do not end the process", arguments: [10, 1_000, 9_000])
    func nesting(depth: Int) throws {
        let stage = try Stage()
        defer { stage.end() }
        try stage.feed(BrokerBytes.nestedStart(depth: depth))
    }

    @Test("bytes of a hostile broker never trap: mutated, cut, joined and random ones")
    func fuzz() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let frames = [
            BrokerBytes.start(), BrokerBytes.tune(), BrokerBytes.openOK, BrokerBytes.channelOpenOK(1),
            BrokerBytes.deliver(1, tag: 1, key: "k"), BrokerBytes.header(1, bodyBytes: 4), BrokerBytes.body(1, "abcd"),
            BrokerBytes.ack(1, tag: 3, multiple: true), BrokerBytes.blocked("memory"), BrokerBytes.unblocked,
            BrokerBytes.heartbeat, BrokerBytes.close(320, "bye"), ByteBuffer(bytes: Array("AMQP".utf8) + [0, 1, 0, 0]),
        ]
        for _ in 0..<3_000 {
            let stage = try Stage()
            defer { stage.end() }
            if Bool.random(using: &generator) {
                try stage.open()
                try stage.openChannel()
            }
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                var bytes = frames.randomElement(using: &generator).map { Array($0.readableBytesView) } ?? []
                for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                    let index = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes[index] = .random(in: 0...255, using: &generator)
                    case 1: bytes.removeSubrange(index...)
                    case 2: bytes.insert(.random(in: 0...255, using: &generator), at: index)
                    default: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
                    }
                }
                try stage.feed(ByteBuffer(bytes: bytes))
            }
        }
        print("fuzzed with seed \(seed)")
    }
}
