import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketTransport

@Suite("WebSocketHandler, with time at hand")
struct WebSocketHandlerTests {
    @Test("pings go out at their interval, and a peer of whom nothing is heard is given up")
    func givesUp() throws {
        let link = try Link(pingInterval: .seconds(20))
        #expect(try link.sent() == [])
        for _ in 0..<2 {
            link.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
            #expect(try link.sent() == [FrameHeader(opcode: .ping, payloadLength: 0)])
        }
        link.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(link.log.ending == WebSocketEnding(code: nil, reason: "the peer answers no pings", isOurs: true))
        #expect(!link.channel.isActive)
    }

    @Test("a peer that answers pings stays")
    func stays() throws {
        let link = try Link(pingInterval: .seconds(20))
        for _ in 0..<10 {
            link.channel.embeddedEventLoop.advanceTime(by: .seconds(20))
            #expect(try link.sent() == [FrameHeader(opcode: .ping, payloadLength: 0)])
            try link.channel.writeInbound(RawPeer.frame(.pong, ByteBuffer()))
        }
        #expect(link.log.ending == nil)
    }

    @Test("no pings are sent unless asked for")
    func noPings() throws {
        let link = try Link()
        link.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(try link.sent() == [])
        #expect(link.log.ending == nil)
    }

    @Test("the peer has closeTimeout to answer our close frame, and no pings go out meanwhile")
    func closeTimeout() throws {
        let link = try Link(pingInterval: .seconds(1))
        link.connection.close(.goingAway("restart"))
        #expect(try link.sent() == [FrameHeader(opcode: .close, payloadLength: 9)])
        link.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1999))
        #expect(try link.sent() == [])
        #expect(link.log.ending == nil)
        link.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(link.log.ending == WebSocketEnding(code: 1001, reason: "restart", isOurs: true))
    }

    @Test("an answered close leaves no timer behind, and the ending is told once")
    func toldOnce() throws {
        let link = try Link()
        link.connection.close(.goingAway("restart"))
        try link.channel.writeInbound(RawPeer.frame(.close, ByteBuffer()))
        #expect(link.log.endings.count == 1)
        link.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        link.connection.abort()
        _ = try? link.channel.finish()  // Already closed, which it reports as an error.
        #expect(link.log.endings.count == 1)
        #expect(link.connection.delegate == nil)
    }

    @Test("the delegate and the handler are released at the end")
    func releases() throws {
        weak var log: EventLog?
        weak var handler: WebSocketHandler?
        let connection: WebSocketConnection
        do {
            let link = try Link()
            connection = link.connection
            (log, handler) = (link.log, connection.handler)
            connection.abort()
            link.channel.embeddedEventLoop.run()
        }
        #expect(log == nil)
        #expect(handler == nil)
        #expect(connection.remoteAddress == "test")
    }

    @Test("a short text is one buffer with its header, a long one keeps its own")
    func bufferCount() throws {
        let link = try Link()
        link.connection.send(text: ByteBuffer(repeating: 65, count: 8192))
        link.connection.flush()
        #expect(try link.channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 8196)
        link.connection.send(text: ByteBuffer(repeating: 65, count: 8193))
        link.connection.flush()
        #expect(try link.channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 4)
        #expect(try link.channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 8193)
    }

    @Test("an error in the pipeline closes the socket and is told as the cause")
    func error() throws {
        struct TestError: Error, CustomStringConvertible { let description = "broken" }
        let link = try Link()
        link.channel.pipeline.fireErrorCaught(TestError())
        #expect(link.log.ending == WebSocketEnding(code: nil, reason: "connection lost: broken", isOurs: false))
    }

    /// A connection on an embedded channel.
    private struct Link {
        let channel = EmbeddedChannel()
        let connection: WebSocketConnection
        let log = EventLog()

        init(pingInterval: Duration? = nil) throws {
            var options = WebSocketOptions()
            options.pingInterval = pingInterval
            connection = WebSocketConnection(eventLoop: channel.eventLoop, remoteAddress: "test")
            connection.delegate = log
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            try channel.pipeline.syncOperations.addHandler(
                WebSocketHandler(connection: connection, side: .server, options: options))
        }

        /// The headers of the frames sent since the last call.
        func sent() throws -> [FrameHeader] {
            var headers: [FrameHeader] = []
            while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
                if let header = FrameHeader(reading: &buffer) { headers.append(header) }
            }
            return headers
        }
    }

    private final class EventLog: WebSocketDelegate {
        var endings: [WebSocketEnding] = []
        var ending: WebSocketEnding? { endings.first }

        func received(text: ByteBuffer) {}
        func writabilityChanged(isWritable: Bool) {}
        func closed(_ ending: WebSocketEnding) { endings.append(ending) }
    }
}
