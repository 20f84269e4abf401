import NIOCore
import OneBot

/// Joins consecutive event frames of one bot, so that a burst costs each session one write.
struct EventRun {
    struct Joined {
        let bot: SelfID
        let frames: ByteBuffer
        let count: Int
    }

    /// A run is cut here: a session that falls behind then holds and drops pieces of this size.
    static let maxBytes = 64 << 10

    private var current: Joined?

    /// - Returns: the run before, where this frame does not belong to it.
    mutating func append(_ frames: ByteBuffer, count: Int, of bot: SelfID) -> Joined? {
        guard let run = current else {
            current = Joined(bot: bot, frames: frames, count: count)
            return nil
        }
        guard run.bot == bot, run.frames.readableBytes + frames.readableBytes <= Self.maxBytes else {
            current = Joined(bot: bot, frames: frames, count: count)
            return run
        }
        current = nil
        var joined = run.frames
        joined.writeImmutableBuffer(frames)
        current = Joined(bot: bot, frames: joined, count: run.count + count)
        return nil
    }

    mutating func take() -> Joined? {
        defer { current = nil }
        return current
    }
}
