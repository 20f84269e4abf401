import NIOCore
import WebSocketTransport

/// The largest message that a connection was sent, which is what a client means that closes with 1009.
struct LargestSent {
    /// Joined frames are together no larger than this, and every client of ours takes as much.
    static var leastBytes: Int { EventRun.maxBytes }

    private var bytes = 0
    private var kind = OutgoingKind.event

    mutating func sent(_ frames: ByteBuffer, as kind: OutgoingKind) {
        guard frames.readableBytes > max(bytes, Self.leastBytes) else { return }
        let largest = WebSocketConnection.texts(inEncoded: frames).map(\.readableBytes).max() ?? 0
        guard largest > bytes else { return }
        (bytes, self.kind) = (largest, kind)
    }

    /// What was too large, as far as we know, and what to do about it.
    var advice: String {
        guard bytes > 0 else { return "It was sent nothing above \(Self.leastBytes) bytes: raise its limit." }
        let what = "The largest message it was sent was \(kind == .event ? "an event" : "an answer") of \(bytes) bytes."
        switch kind {
        case .answer: return "\(what) Raise the client's limit, or ask for less at once."
        case .event:
            return "\(what) Raise the client's limit, or set max_event_size to what it takes "
                + "(\(Self.suggestion(for: bytes)); in its URL ?max_event_size=, in the settings client.max_event_size or that of its entry): larger "
                + "events are then left out, with an event_gap in their place."
        }
    }

    /// The largest of clients' common limits that is below that size: 1 MiB (Python's websockets), 4 MiB (aiohttp), 16
    /// MiB (uvicorn).
    private static func suggestion(for bytes: Int) -> String {
        let common = [16, 4, 1].first { $0 << 20 < bytes }
        return common.map { "perhaps \($0)MiB, which is \($0 << 20) bytes" } ?? "below \(bytes) bytes"
    }
}
