import NIOCore
import NIOHTTP1
import NIOPosix
import OneBot
import Synchronization
import TestSupport
import Testing
import WebSocketTransport

/// A client of a group that notes the numbers of the events it got, and may be made to die after a number of them.
final class GroupClient: WebSocketDelegate, Sendable {
    struct Ledger: Sendable {
        var numbers: [Int] = []
        var appID: String?
        var ending: WebSocketEnding?
        /// How many of our own events it got, by detail type.
        var ours: [String: Int] = [:]
        var diesAfter: Int?
    }

    private let state = Mutex(Ledger())
    private let eventLoop: any EventLoop
    private let connection: NIOLoopBoundBox<WebSocketConnection?>

    private init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        connection = NIOLoopBoundBox.makeEmptyBox(valueType: WebSocketConnection.self, eventLoop: eventLoop)
    }

    var ledger: Ledger { state.withLock { $0 } }
    var numbers: [Int] { ledger.numbers }
    var appID: String { ledger.appID ?? "" }

    /// Connects, and waits for the lifecycle.
    static func connect(to url: String) async throws -> GroupClient {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let client = GroupClient(on: loop)
        var options = WebSocketOptions()
        options.maxMessageBytes = 64 << 20
        try await WebSocketDialer(options: options).connect(to: url, headers: [:], on: loop) { connection in
            client.connection.value = connection
            connection.delegate = client
        }
        try await eventually(within: .seconds(20), "the lifecycle has come") { client.ledger.appID != nil }
        return client
    }

    /// Waits until each of these edges knows every client that has connected. A broadcast makes sure of that, since it
    /// goes to those who are online now; otherwise an edge that distributes chats might hear of a member only after the
    /// first event.
    static func areKnown(at edges: [String]) async throws {
        for edge in edges {
            let witness = try await FakeClient.connect(to: edge)
            _ = try await witness.nextEvent("meta_event", "lifecycle")
            let sent = try await witness.call("send_broadcast_data", params: #"{"data":"x"}"#, echo: "1")
            #expect(sent.int("retcode") == 0)
            try await witness.abort()
        }
    }

    /// Makes it break off the connection, without a close frame, within the callback of that event.
    func die(after count: Int) { state.withLock { $0.diesAfter = count } }

    /// Closes in good order, and waits for the end.
    func close() async throws {
        try await eventLoop.submit { self.connection.value?.close(CloseReason(code: 1000, text: "")) }.get()
        try await ended()
    }

    func stopReading() async throws { try await eventLoop.submit { self.connection.value?.pauseReading() }.get() }
    func resumeReading() async throws { try await eventLoop.submit { self.connection.value?.resumeReading() }.get() }

    @discardableResult
    func ended() async throws -> WebSocketEnding? {
        try await eventually(within: .seconds(60), "the connection has ended", read: { ledger.ending }) { $0 != nil }
    }

    func received(text: ByteBuffer) {
        // `try?`: other frames are not counted.
        guard let object = try? JSONObject(text) else { return }
        let dies = state.withLock { ledger in
            if let number = object["number"]?.int64 {
                ledger.numbers.append(Int(number))
            } else if let detail = object["meta_event_type"]?.string ?? object["distributed_type"]?.string
                ?? object["notice_type"]?.string
            {
                ledger.ours[detail, default: 0] += 1
                if let appID = object["client"]?.object?["app_id"]?.string, detail == "lifecycle" {
                    ledger.appID = appID
                }
            }
            return ledger.numbers.count == ledger.diesAfter
        }
        if dies { connection.value?.abort() }
    }

    func writabilityChanged(isWritable: Bool) {}

    func closed(_ ending: WebSocketEnding) {
        connection.value = nil
        state.withLock { $0.ending = ending }
    }
}
