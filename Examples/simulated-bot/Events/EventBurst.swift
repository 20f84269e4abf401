import NIOCore

/// Events that go out one after another, as fast as the slowest listener takes them. Confined to the bot's event loop.
struct EventBurst {
    private var next: Int
    private let end: Int
    private let event: (Int) -> ByteBuffer
    /// Succeeds when the last event was written.
    let done: EventLoopPromise<Void>?

    init(_ numbers: Range<Int>, done: EventLoopPromise<Void>?, event: @escaping (Int) -> ByteBuffer) {
        next = numbers.lowerBound
        end = numbers.upperBound
        self.done = done
        self.event = event
    }

    /// `nil` after the last.
    mutating func nextEvent() -> ByteBuffer? {
        guard next < end else { return nil }
        defer { next += 1 }
        return event(next)
    }
}
