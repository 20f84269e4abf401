import NIOCore
import OneBot
import WebSocketTransport

/// A bot's events as frames for a client that takes them up to a size only: in the place of those that are larger
/// stands an `event_gap`.
struct FittingFrames {
    private let bot: SelfID
    private let maxFrameBytes: Int
    private var frames = ByteBuffer()
    /// Events in a row that did not fit, and are not declared yet.
    private var missed = 0
    /// How many events did not fit in all.
    private(set) var leftOut = 0

    /// - Parameter maxEventBytes: of the event's text; `nil`: all fit.
    init(_ bot: SelfID, maxEventBytes: Int?) {
        self.bot = bot
        maxFrameBytes = maxEventBytes.map(WebSocketConnection.encodedBytes(ofText:)) ?? .max
    }

    mutating func append(_ frame: ByteBuffer) {
        guard frame.readableBytes <= maxFrameBytes else {
            missed += 1
            leftOut += 1
            return
        }
        declareMissed()
        add(frame)
    }

    mutating func finish() -> ByteBuffer {
        declareMissed()
        return frames
    }

    private mutating func declareMissed() {
        guard missed > 0 else { return }
        add(WebSocketConnection.encodeText(EventGap(of: bot, missed: missed).text(time: UnixTime.now)))
        missed = 0
    }

    private mutating func add(_ frame: ByteBuffer) {
        if frames.readableBytes == 0 { frames = frame } else { frames.writeImmutableBuffer(frame) }
    }
}
