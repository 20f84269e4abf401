import NIOCore
import NIOHTTP1
import NIOPosix
import OneBot
import Synchronization
import WebSocketTransport

/// A client that keeps a ledger of numbered events instead of the events.
final class CountingClient: WebSocketDelegate, Sendable {
    struct Ledger: Sendable {
        var received = 0
        var last: Int64 = 0
        /// The first event that came twice, out of order, or after a hole.
        var mistake: String?
    }

    private let state = Mutex(Ledger())

    var ledger: Ledger { state.withLock { $0 } }

    static func connect(to url: String) async throws -> CountingClient {
        let client = CountingClient()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await WebSocketDialer(options: WebSocketOptions()).connect(to: url, headers: [:], on: loop) { connection in
            connection.delegate = client
        }
        return client
    }

    func received(text: ByteBuffer) {
        // Other frames are not counted.
        guard let object = try? JSONObject(text), let number = object["number"]?.int64 else { return }
        state.withLock { ledger in
            if number != ledger.last + 1, ledger.mistake == nil { ledger.mistake = "\(number) after \(ledger.last)" }
            ledger.last = number
            ledger.received += 1
        }
    }

    func writabilityChanged(isWritable: Bool) {}

    func closed(_ ending: WebSocketEnding) {
        state.withLock { ledger in
            if ledger.mistake == nil { ledger.mistake = "closed: \(ending)" }
        }
    }
}
