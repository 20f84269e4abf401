import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import WebSocketTransport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A client that counts and checks numbered events, instead of keeping them.
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
        // `try?`: other frames are not counted.
        guard let number = Self.number(in: text) else { return }
        state.withLock { ledger in
            if number != ledger.last + 1, ledger.mistake == nil { ledger.mistake = "\(number) after \(ledger.last)" }
            ledger.last = number
            ledger.received += 1
        }
    }

    /// The number of an event that tests make, found by the C library: to scan millions of them takes minutes in a
    /// build without optimisation.
    private static func number(in text: ByteBuffer) -> Int64? {
        let name: StaticString = #""number":"#
        let length = name.utf8CodeUnitCount
        return text.withUnsafeReadableBytes { bytes in
            guard var start = bytes.baseAddress else { return nil }
            let end = start + bytes.count
            while end - start > length, let place = memchr(start, 0x22, end - start - length) {
                start = UnsafeRawPointer(place) + 1
                guard memcmp(place, name.utf8Start, length) == 0 else { continue }
                var number: Int64 = 0
                var next = UnsafeRawPointer(place) + length
                while next < end, case let digit = Int64(next.load(as: UInt8.self)) - 0x30, 0...9 ~= digit {
                    number = number * 10 + digit
                    next += 1
                }
                return number
            }
            return nil
        }
    }

    func writabilityChanged(isWritable: Bool) {}

    func closed(_ ending: WebSocketEnding) {
        state.withLock { ledger in
            if ledger.mistake == nil { ledger.mistake = "closed: \(ending)" }
        }
    }
}
