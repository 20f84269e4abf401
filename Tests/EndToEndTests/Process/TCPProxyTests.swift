import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite("The proxy that cuts a network for tests", .overMemory, .timeLimit(.minutes(1)))
struct TCPProxyTests {
    @Test("bytes get through both ways, in order, however many")
    func forwards() async throws {
        try await withEcho { proxy, _ in
            let client = try await Line.connect(to: proxy.port)
            let text = (0..<100_000).map(String.init).joined(separator: " ")
            client.send(text)
            try await client.hears(text)
        }
    }

    @Test("while cut nothing gets through, and sockets stay open; after healing everything does, in order")
    func cut() async throws {
        try await withEcho { proxy, server in
            let client = try await Line.connect(to: proxy.port)
            client.send("before ")
            try await client.hears("before ")
            try await proxy.cut()
            client.send("meanwhile ")
            // A client that connects without the proxy is answered ten times meanwhile.
            let other = try await Line.connect(to: server)
            for round in 1...10 {
                other.send("x")
                try await other.hears(String(repeating: "x", count: round))
            }
            #expect(client.heard == "before ")
            #expect(client.isOpen)
            client.send("late ")
            try await proxy.heal()
            client.send("after")
            try await client.hears("before meanwhile late after")
        }
    }

    @Test("a connection made while cut hangs, and is served once healed")
    func connectingWhileCut() async throws {
        try await withEcho { proxy, _ in
            try await proxy.cut()
            let client = try await Line.connect(to: proxy.port)
            client.send("hello")
            try await eventually { try await proxy.connectionCount == 1 }
            #expect(client.heard == "")
            try await proxy.heal()
            try await client.hears("hello")
        }
    }

    @Test("a peer that leaves while cut is missed once healed")
    func leavingWhileCut() async throws {
        try await withEcho { proxy, _ in
            let client = try await Line.connect(to: proxy.port)
            client.send("hello")
            try await client.hears("hello")
            try await proxy.cut()
            try await client.close()
            #expect(try await proxy.connectionCount == 1)
            try await proxy.heal()
            try await eventually { try await proxy.connectionCount == 0 }
        }
    }

    @Test("a reset ends connections at once, and new ones are served")
    func reset() async throws {
        try await withEcho { proxy, _ in
            let client = try await Line.connect(to: proxy.port)
            client.send("hello")
            try await client.hears("hello")
            try await proxy.reset()
            try await eventually { !client.isOpen }
            let second = try await Line.connect(to: proxy.port)
            second.send("again")
            try await second.hears("again")
        }
    }

    /// A server that sends back what it gets, and a proxy in front of it.
    private func withEcho(_ body: (_ proxy: TCPProxy, _ server: Int) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await withTCPProxy(to: port) { try await body($0, port) }
        try await server.close()
    }
}

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(data, promise: nil)
    }
}

/// A TCP client that keeps what it receives.
private struct Line: Sendable {
    private final class Heard: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let piece = String(buffer: unwrapInboundIn(data))
            text.withLock { $0 += piece }
        }
    }

    private let channel: any Channel
    private let received: Heard

    static func connect(to port: Int) async throws -> Line {
        let received = Heard()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(received) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return Line(channel: channel, received: received)
    }

    var heard: String { received.text.withLock { $0 } }
    var isOpen: Bool { channel.isActive }

    func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    func hears(_ text: String) async throws {
        try await eventually("\(text.prefix(40)) is heard", read: { heard }, until: { $0 == text })
    }

    func close() async throws { try await channel.close() }
}
