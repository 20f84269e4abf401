import NIOCore
import OneBot
import WebSocketTransport

/// Where a session lives: what the shard of its event loop does for it. One for all sessions of a loop, confined to
/// that but for ``run``.
///
/// It knows who was written to in this turn of the loop: each of those is flushed once, at the turn's end.
///
/// `@unchecked Sendable`: what is mutable is touched on `eventLoop` only.
final class SessionHome: @unchecked Sendable {  // confined to its event loop, as said above
    let add: @Sendable (ClientSession) -> Void
    let remove: @Sendable (ClientSession) -> Void
    /// The session found out which bot it is for.
    let rebind: @Sendable (ClientSession) -> Void
    /// Whether the registry has told everybody of that bot.
    let isKnown: @Sendable (SelfID) -> Bool
    /// Work for one session on its loop, from any thread; nothing happens where it is gone.
    let run: @Sendable (UInt64, @escaping @Sendable (ClientSession) -> Void) -> Void

    private let eventLoop: any EventLoop
    /// Written to in this turn, to be flushed at its end.
    private var written: [SessionFeed] = []
    /// Being flushed; empty at all other times, and kept for its memory.
    private var flushing: [SessionFeed] = []
    private let batch = SendBatch()
    /// Whoever is written to now is flushed by ``endTurn()``.
    private var isInTurn = false

    init(
        on eventLoop: any EventLoop, add: @escaping @Sendable (ClientSession) -> Void,
        remove: @escaping @Sendable (ClientSession) -> Void, rebind: @escaping @Sendable (ClientSession) -> Void,
        isKnown: @escaping @Sendable (SelfID) -> Bool,
        run: @escaping @Sendable (UInt64, @escaping @Sendable (ClientSession) -> Void) -> Void
    ) {
        self.eventLoop = eventLoop
        self.add = add
        self.remove = remove
        self.rebind = rebind
        self.isKnown = isKnown
        self.run = run
    }

    /// A session was written to.
    func wrote(_ feed: SessionFeed) {
        if written.isEmpty, !isInTurn { eventLoop.execute { self.flush() } }
        written.append(feed)
    }

    /// From here to ``endTurn()`` many sessions are written to.
    func beginTurn() { isInTurn = true }

    func endTurn() {
        isInTurn = false
        flush()
    }

    private func flush() {
        swap(&written, &flushing)
        for feed in flushing { feed.flush(in: batch) }
        flushing.removeAll(keepingCapacity: true)
        batch.carryOut()
    }
}
