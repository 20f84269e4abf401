import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import WebSocketTransport

@Suite("Room for messages that are arriving")
struct InboundRoomTests {
    @Test("a message that comes whole, or a short one, asks for none; a long one as it grows, and gives it back")
    func counts() throws {
        let link = try Link(room: 1 << 20)
        let long = RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000))
        try link.receive(long)
        #expect(link.texts == [100_000])
        try link.receive(long, upTo: 10_000)
        #expect(link.taken == 0)
        try link.receive(long, from: 10_000, upTo: 50_000)
        #expect((49_000...50_000).contains(link.taken))
        try link.receive(long, from: 50_000)
        #expect(link.texts == [100_000, 100_000])
        #expect(link.taken == 0)
        #expect(link.discarded.isEmpty)
    }

    @Test("one for which there is no room is discarded, and the next passes")
    func noRoom() throws {
        let link = try Link(room: 60_000)
        let long = RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000))
        try link.receive(long, upTo: 50_000)
        try link.receive(long, from: 50_000, upTo: 80_000)
        #expect(link.taken == 0)
        try link.receive(long, from: 80_000)
        #expect(link.discarded.map(\.reason) == [.noRoom])
        #expect(link.discarded.map(\.byteCount) == [100_000])
        try link.receive(RawPeer.frame(.text, ByteBuffer(string: "next")))
        #expect(link.texts == [4])
    }

    @Test("one that stands still is given up after its time, and its room goes to others")
    func tooSlow() throws {
        let link = try Link(room: 1 << 20)
        let long = RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000))
        try link.receive(long, upTo: 64 << 10)
        // The time is 30 s, plus one second for each 16 KiB.
        link.advance(by: .seconds(32))
        #expect(link.taken > 0)
        link.advance(by: .seconds(2))
        #expect(link.taken == 0)
        try link.receive(long, from: 64 << 10)
        #expect(link.discarded.map(\.reason) == [.tooSlow])
    }

    @Test("one that goes on arriving has its time, and a timer left over harms no later one")
    func steady() throws {
        let link = try Link(room: 1 << 20)
        let long = RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 900_000))
        for start in stride(from: 0, to: 900_000, by: 20_000) {
            try link.receive(long, from: start, upTo: start + 20_000)
            link.advance(by: .seconds(1))
        }
        try link.receive(long, from: 900_000)
        #expect(link.texts == [900_000])
        try link.receive(long, upTo: 100_000)
        link.advance(by: .seconds(29))
        #expect(link.taken > 0)
    }

    @Test("while reading is paused no time passes for the peer")
    func paused() throws {
        let link = try Link(room: 1 << 20)
        try link.receive(RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000)), upTo: 50_000)
        link.connection.pauseReading()
        link.advance(by: .seconds(300))
        #expect(link.taken > 0)
    }

    @Test("the time of a peer that was paused begins anew when it may send again")
    func resumed() throws {
        let link = try Link(room: 1 << 20)
        let long = RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000))
        try link.receive(long, upTo: 64 << 10)
        link.connection.pauseReading()
        // The timer has looked 30 s and 63 s after the beginning, and looks again after 96 s.
        link.advance(by: .seconds(95))
        link.connection.resumeReading()
        link.advance(by: .seconds(32))
        #expect(link.taken > 0)
        link.advance(by: .seconds(2))
        #expect(link.taken == 0)
        try link.receive(long, from: 64 << 10)
        #expect(link.discarded.map(\.reason) == [.tooSlow])
    }

    @Test("one that grows too large gives its room back at once, and takes none while the rest of it passes by")
    func tooLarge() throws {
        let link = try Link(room: 1 << 20, maxMessageBytes: 150_000)
        let part = ByteBuffer(repeating: 65, count: 100_000)
        try link.receive(RawPeer.frame(.text, part, isFinal: false))
        #expect(link.taken == 100_000)
        try link.receive(RawPeer.frame(.continuation, part, isFinal: false), upTo: 20)
        #expect(link.taken == 0)
        try link.receive(RawPeer.frame(.continuation, part, isFinal: false), from: 20)
        link.advance(by: .seconds(300))
        try link.receive(RawPeer.frame(.continuation, part))
        #expect(link.taken == 0)
        #expect(link.discarded.map(\.reason) == [.tooLarge])
        #expect(link.discarded.map(\.byteCount) == [300_000])
        try link.receive(RawPeer.frame(.text, part), upTo: 50_000)
        #expect((49_000...50_000).contains(link.taken), "the next one counts as ever")
    }

    @Test("the end of the connection gives it back")
    func end() throws {
        let link = try Link(room: 1 << 20)
        try link.receive(RawPeer.frame(.text, ByteBuffer(repeating: 65, count: 100_000)), upTo: 50_000)
        #expect(link.taken > 0)
        link.connection.abort()
        link.channel.embeddedEventLoop.run()
        #expect(link.taken == 0)
    }

    /// A server's connection on an embedded channel, with a given number of bytes of room.
    private final class Link: WebSocketDelegate {
        let channel = EmbeddedChannel()
        let connection: WebSocketConnection
        private let used: Used
        private(set) var texts: [Int] = []
        private(set) var discarded: [DiscardedMessage] = []

        private final class Used: Sendable {
            let bytes = Mutex(0)
        }

        var taken: Int { used.bytes.withLock { $0 } }

        init(room: Int, maxMessageBytes: Int = 16 << 20) throws {
            let used = Used()
            self.used = used
            var options = WebSocketOptions()
            options.maxMessageBytes = maxMessageBytes
            options.tolerance = .tooLarge
            options.inbound = InboundRoom(
                take: { more, held in
                    used.bytes.withLock { bytes in
                        guard bytes + more <= room else { return false }
                        bytes += more
                        return true
                    }
                }, give: { count in used.bytes.withLock { $0 -= count } })
            connection = WebSocketConnection(eventLoop: channel.eventLoop, remoteAddress: "test")
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            try channel.pipeline.syncOperations.addHandler(
                WebSocketHandler(connection: connection, side: .server, options: options))
            connection.delegate = self
        }

        func receive(_ frame: ByteBuffer, from start: Int = 0, upTo end: Int? = nil) throws {
            let end = min(end ?? frame.readableBytes, frame.readableBytes)
            guard let part = frame.getSlice(at: frame.readerIndex + start, length: end - start) else { return }
            try channel.writeInbound(part)
        }

        func advance(by time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

        func received(text: ByteBuffer) { texts.append(text.readableBytes) }
        func discarded(_ message: DiscardedMessage) { discarded.append(message) }
        func writabilityChanged(isWritable: Bool) {}
        func closed(_ ending: WebSocketEnding) {}
    }
}
