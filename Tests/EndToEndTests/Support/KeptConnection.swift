import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// A connection for one HTTP request after another.
final class KeptConnection: Sendable {
    private let channel: any Channel
    private let received = Received()

    /// - Parameter http: `http://127.0.0.1:PORT`, or `ws://`.
    init(to http: String) async throws {
        let port = try #require(http.split(separator: ":").last.flatMap { Int($0) })
        let received = received
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Returns the answer as it came, as soon as its body (a JSON object) is there.
    func get(_ path: String, headers: [String] = []) async throws -> String {
        received.text.withLock { $0 = "" }
        let lines = ["GET \(path) HTTP/1.1", "Host: 127.0.0.1"] + headers
        try await channel.writeAndFlush(ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n"))
        return try await eventually("\(path) is answered") {
            received.text.withLock { $0 }
        } until: {
            $0.hasSuffix("}")
        }
    }

    /// Sends bytes as they are, and waits for the answer.
    func send(_ bytes: [UInt8], until isThere: (String) -> Bool) async throws -> String {
        received.text.withLock { $0 = "" }
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        return try await eventually(
            "\(bytes.count) bytes are answered", read: { received.text.withLock { $0 } }, until: isThere)
    }

    private final class Received: Sendable {
        let text = Mutex("")
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Received

        init(_ received: Received) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            received.text.withLock { $0 += text }
        }
    }
}
