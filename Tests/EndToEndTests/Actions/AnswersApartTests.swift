import Foundation
import NIOCore
import NIOPosix
import OneBot
import SimulatedBot
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// What goes over a client's socket, byte by byte and read by read.
    @Suite("How a client is written to", .timeLimit(.minutes(1)))
    struct AnswersApartTests {
        @Test("one answer per write: whatever follows an answer comes in a later read, and all keeps its order")
        func answersApart() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 0\nclient_status: none", bots: [bot.url]) { perpetua in
                    let client = try await SocketClient.connect(to: perpetua.ws, "/?one_answer_per_write=true")
                    try await client.wait(until: "the lifecycle") { $0.contains("lifecycle") }
                    let actions = (1...9).map { #"{"action":"get_status","echo":"echo-\#($0)"}"# }
                    try await client.send(actions)
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"n","x":"echo-"}"#)
                    try await client.wait(until: "nine answers and an event") {
                        $0.components(separatedBy: "echo-").count == 11
                    }
                    let reads = client.reads
                    for read in reads {
                        guard let answer = read.range(of: "retcode") else { continue }
                        #expect(read[answer.upperBound...].components(separatedBy: "echo-").count == 2, "\(read)")
                    }
                    let answers = reads.joined().components(separatedBy: #""echo":"echo-"#).dropFirst().compactMap(
                        \.first)
                    #expect(String(answers) == "123456789")
                    try await client.close()
                }
            }
        }

        @Test("answers that wait for their turn are sent before the connection is closed in good order")
        func closing() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("client: {one_answer_per_write: true}", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let count = 200
                    for number in 1...count { try await client.send(#"{"action":"get_status","echo":\#(number)}"#) }
                    _ = try await client.next("the first answer") { $0.echo == "1" }
                    await perpetua.shutDown()
                    _ = try await client.ending()
                    let echoes = try await client.unread.compactMap(\.echo).compactMap { Int($0) }
                    #expect(echoes == Array(2..<2 + echoes.count))
                    // Perpetua answered what the client had sent before it stopped reading; it may not have read all of
                    // that.
                    #expect(echoes.count >= 1)
                }
            }
        }

        @Test("a client that asks for pings gets them, answered or not; another gets none")
        func pings() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 0\nclient_status: none", bots: [bot.url]) { perpetua in
                    let silent = try await SocketClient.connect(to: perpetua.ws, "/")
                    let pinged = try await SocketClient.connect(to: perpetua.ws, "/?ping_interval=100")
                    for client in [silent, pinged] {
                        try await client.wait(until: "the lifecycle") { $0.contains("lifecycle") }
                    }
                    try await pinged.wait(until: "five pings") {
                        $0.components(separatedBy: SocketClient.ping).count == 6
                    }
                    #expect(!silent.reads.joined().contains(SocketClient.ping))
                    try await pinged.send([#"{"action":"get_status","echo":"1"}"#])
                    try await pinged.wait(until: "an answer") { $0.contains("retcode") }
                    for client in [silent, pinged] { try await client.close() }
                }
            }
        }
    }
}

/// A client that notes each read of its socket, as Latin-1, and answers no pings.
private final class SocketClient: Sendable {
    /// An empty ping (RFC 6455 §5.5.2).
    static let ping = "\u{89}\u{0}"

    private let channel: any Channel
    private let noted: Notes

    private final class Notes: Sendable {
        let reads = Mutex<[String]>([])
    }

    private init(_ channel: any Channel, _ noted: Notes) {
        self.channel = channel
        self.noted = noted
    }

    static func connect(to ws: String, _ target: String) async throws -> SocketClient {
        let noted = Notes()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Noter(noted)) }
            }
            .connect(host: "127.0.0.1", port: Int(ws.split(separator: ":").last ?? "") ?? 0).get()
        try await channel.writeAndFlush(
            ByteBuffer(
                string: "GET \(target) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
        return SocketClient(channel, noted)
    }

    var reads: [String] { noted.reads.withLock { $0 } }

    /// Text frames of less than 126 bytes, masked with zeros, in one write.
    func send(_ texts: [String]) async throws {
        var bytes = ByteBuffer()
        for text in texts {
            bytes.writeBytes([0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0])
            bytes.writeString(text)
        }
        try await channel.writeAndFlush(bytes)
    }

    func close() async throws { try await channel.close() }

    func wait(until what: String, _ condition: @escaping @Sendable (String) -> Bool) async throws {
        try await eventually(within: .seconds(20), what) { condition(self.reads.joined()) }
    }

    private final class Noter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let noted: Notes

        init(_ noted: Notes) { self.noted = noted }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(
                String.UnicodeScalarView(unwrapInboundIn(data).readableBytesView.map { Unicode.Scalar($0) }))
            noted.reads.withLock { $0.append(text) }
        }
    }
}
