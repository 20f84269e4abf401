import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("ConnectionPair: actions and events over two sockets", .timeLimit(.minutes(1)))
struct ConnectionPairTests {
    /// The delegate of a pair, called on its loop.
    private final class Listener: WebSocketDelegate, Sendable {
        let texts = DeliveredTexts()
        func received(text: ByteBuffer) { texts.append(String(buffer: text)) }
        func writabilityChanged(isWritable: Bool) {}
        func closed(_ ending: WebSocketEnding) { texts.append("closed \(ending.code ?? 0)") }
    }

    /// A pair that is open, and the framework's ends of it.
    private struct Stage {
        let pair: NIOLoopBound<ConnectionPair>
        let listener: Listener
        let api: FakeClient
        let event: FakeClient

        func onLoop(_ body: @escaping @Sendable (ConnectionPair) -> Void) async throws {
            let pair = pair
            try await pair.eventLoop.submit { body(pair.value) }.get()
        }
    }

    private func withPair(_ body: (Stage) async throws -> Void) async throws {
        try await withFakeFramework { framework in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let dialer = WebSocketDialer(options: WebSocketOptions())
            let opened = Handover<NIOLoopBound<ConnectionPair>>()
            let listener = Listener()
            try await dialer.connect(to: framework.url, headers: ["X-Client-Role": "API"], on: loop) { socket in
                let pair = ConnectionPair(api: socket, remoteAddress: "a")
                pair.delegate = listener
                opened.set(NIOLoopBound(pair, eventLoop: loop))
            }
            let api = try await framework.nextConnection("API")
            try await api.send("early")
            let pair = try #require(opened.value)
            try await dialer.connect(to: framework.url, headers: ["X-Client-Role": "Event"], on: loop) { socket in
                #expect(listener.texts.all.isEmpty, "nothing is heard before both are open")
                #expect(pair.value.join(event: socket))
            }
            let event = try await framework.nextConnection("Event")
            try await body(Stage(pair: pair, listener: listener, api: api, event: event))
        }
    }

    @Test("an answer goes over the first, an event over the second; only the first is listened to")
    func routes() async throws {
        try await withPair { stage in
            try await stage.event.send("ignored")
            try await stage.api.send("late")
            try await eventually("both are heard") { stage.listener.texts.all == ["early", "late"] }
            try await stage.onLoop { pair in
                pair.send(WebSocketConnection.encodeText(ByteBuffer(string: "answer")), as: .answer)
                var frames = WebSocketConnection.encodeText(ByteBuffer(string: "event 1"))
                frames.writeImmutableBuffer(WebSocketConnection.encodeText(ByteBuffer(string: "event 2")))
                pair.send(frames, as: .event)
                pair.flush()
            }
            #expect(try await stage.api.next().text == "answer")
            #expect(try await stage.event.next().text == "event 1")
            #expect(try await stage.event.next().text == "event 2")
            #expect(try await stage.api.unread.isEmpty)
        }
    }

    @Test("with one of them gone the other is closed, and the end is told once", arguments: [true, false])
    func diesTogether(apiFirst: Bool) async throws {
        try await withPair { stage in
            let (dying, other) = apiFirst ? (stage.api, stage.event) : (stage.event, stage.api)
            try await dying.close(CloseReason(code: 1012, text: "restart"))
            #expect(try await other.ending().code == 1001)
            try await eventually("the end is told") { stage.listener.texts.all.last == "closed 1012" }
            #expect(stage.listener.texts.all.count { $0.hasPrefix("closed") } == 1)
        }
    }

    @Test("held back, actions wait and events go on; closing closes both")
    func pausing() async throws {
        try await withPair { stage in
            try await eventually("the first is heard") { stage.listener.texts.all == ["early"] }
            try await stage.onLoop { $0.pauseReading() }
            try await stage.api.send("later")
            try await stage.onLoop { pair in
                pair.send(WebSocketConnection.encodeText(ByteBuffer(string: "event")), as: .event)
                pair.flush()
            }
            #expect(try await stage.event.next().text == "event")
            #expect(stage.listener.texts.all == ["early"])
            try await stage.onLoop { $0.resumeReading() }
            try await eventually("the second is heard") { stage.listener.texts.all == ["early", "later"] }
            try await stage.onLoop { $0.close(.goingAway("the end")) }
            #expect(try await stage.api.ending().code == 1001)
            #expect(try await stage.event.ending().code == 1001)
        }
    }
}
