import NIOCore
public import NIOHTTP1
import NIOPosix
public import OneBot
public import WebSocketTransport

/// A WebSocket client for tests: records every text frame, and waits for those a test looks for.
public final class FakeClient: Sendable {
    private let eventLoop: any EventLoop
    private let frames: NIOLoopBound<ReceivedFrames>

    private init(eventLoop: any EventLoop, frames: NIOLoopBound<ReceivedFrames>) {
        self.eventLoop = eventLoop
        self.frames = frames
    }

    /// Connects and upgrades.
    /// - Throws: ``DialError``; `.refused` has the HTTP status.
    public static func connect(
        to url: String, headers: HTTPHeaders = [:], options: WebSocketOptions = WebSocketOptions()
    ) async throws -> FakeClient {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let frames = try await eventLoop.submit {
            NIOLoopBound(ReceivedFrames(eventLoop: eventLoop), eventLoop: eventLoop)
        }.get()
        try await WebSocketDialer(options: options).connect(to: url, headers: headers, on: eventLoop) { connection in
            connection.delegate = frames.value
            frames.value.connection = connection
        }
        return FakeClient(eventLoop: eventLoop, frames: frames)
    }

    /// Makes the server's end of a connection a client: a dialled framework is one. Called on its event loop, before
    /// any frame is read.
    static func over(_ connection: WebSocketConnection, whenClosed: @escaping () -> Void) -> FakeClient {
        let frames = ReceivedFrames(eventLoop: connection.eventLoop)
        frames.connection = connection
        frames.whenClosed = whenClosed
        connection.delegate = frames
        return FakeClient(
            eventLoop: connection.eventLoop, frames: NIOLoopBound(frames, eventLoop: connection.eventLoop))
    }

    // MARK: Sending

    /// Sends one text frame.
    public func send(_ text: String) async throws {
        try await act { frames in
            frames.connection?.send(text: ByteBuffer(string: text))
            frames.connection?.flush()
        }
    }

    /// Sends an action, and waits for the next frame that carries this echo's bytes.
    /// - Parameters:
    ///   - params: the JSON of an object.
    ///   - echo: any JSON.
    public func call(
        _ action: String, params: String = "{}", echo: String, within limit: Duration = .seconds(10)
    ) async throws -> ReceivedFrame {
        try await send(#"{"action":"\#(action)","params":\#(params),"echo":\#(echo)}"#)
        return try await next("an answer with echo \(echo)", within: limit) { $0.echo == echo }
    }

    // MARK: Receiving

    /// The first frame nobody has taken yet that `matches`, now or later. It is taken out; those before it stay.
    /// - Throws: ``FakeClientError`` after `limit`, or if the connection ends before.
    public func next(
        _ what: String = "a frame", within limit: Duration = .seconds(10),
        where matches: @escaping @Sendable (ReceivedFrame) -> Bool = { _ in true }
    ) async throws -> ReceivedFrame {
        let frames = frames
        return try await eventLoop.flatSubmit { frames.value.next(what, within: limit, where: matches) }.get()
    }

    /// The next event with this post type and, where given, this detail type (`message_type`, `notice_type`, …).
    public func nextEvent(
        _ postType: String, _ detailType: String? = nil, within limit: Duration = .seconds(10)
    ) async throws -> ReceivedFrame {
        try await next("an event \(postType) \(detailType ?? "")", within: limit) { frame in
            frame["post_type"] == postType && (detailType == nil || frame["\(postType)_type"] == detailType)
        }
    }

    /// The frames nobody has taken yet, in order.
    public var unread: [ReceivedFrame] {
        get async throws {
            let frames = frames
            return try await eventLoop.submit { frames.value.unread }.get()
        }
    }

    /// How many text frames came, taken or not.
    public var receivedCount: Int {
        get async throws {
            let frames = frames
            return try await eventLoop.submit { frames.value.total }.get()
        }
    }

    /// Stops reading from the socket until ``resumeReading()``, like a client that hangs.
    public func stopReading() async throws { try await act { $0.connection?.pauseReading() } }

    public func resumeReading() async throws { try await act { $0.connection?.resumeReading() } }

    // MARK: The end

    /// Closes with a close frame, and returns when the connection has ended.
    public func close(_ reason: CloseReason = CloseReason(code: 1000, text: "")) async throws {
        try await act { $0.connection?.close(reason) }
        _ = try await ending()
    }

    /// Closes the socket without a close frame.
    public func abort() async throws { try await act { $0.connection?.abort() } }

    /// How the connection ended; waits for it.
    public func ending(within limit: Duration = .seconds(10)) async throws -> WebSocketEnding {
        let frames = frames
        return try await eventLoop.flatSubmit { frames.value.waitForEnding(within: limit) }.get()
    }

    private func act(_ work: @escaping @Sendable (ReceivedFrames) -> Void) async throws {
        let frames = frames
        try await eventLoop.submit { work(frames.value) }.get()
    }
}

/// A text frame a fake client got.
public struct ReceivedFrame: Sendable, CustomStringConvertible {
    public let text: String
    /// `nil` where it is not a JSON object.
    public let json: JSONObject?

    init(_ bytes: ByteBuffer) {
        text = String(buffer: bytes)
        // `try?`: the test finds frames that are not JSON.
        json = try? JSONObject(bytes)
    }

    /// The text of a string member.
    public subscript(key: String) -> String? { json?[key]?.string }
    /// A whole number.
    public func int(_ key: String) -> Int64? { json?[key]?.int64 }
    /// A member's JSON as written.
    public func raw(_ key: String) -> String? { json?[key].map { String(buffer: $0.bytes) } }
    /// The echo's JSON as written; `nil` where there is none.
    public var echo: String? { raw("echo") }

    public var description: String { text.count > 300 ? text.prefix(300) + "…" : text }
}

/// Why a fake client did not get what its test waited for.
public enum FakeClientError: Error, CustomStringConvertible {
    case timedOut(waitingFor: String, unread: [ReceivedFrame])
    case ended(waitingFor: String, WebSocketEnding)

    public var description: String {
        switch self {
        case .timedOut(let what, let unread):
            "waited in vain for \(what); unread frames (the last 5): \(unread.suffix(5))"
        case .ended(let what, let ending): "the connection ended (\(ending)) while waiting for \(what)"
        }
    }
}
