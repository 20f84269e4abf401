import NIOCore
import OneBot
import Synchronization
import WebSocketTransport

/// Watches a framework that we dial over all its connections: whether it gets messages, and still calls actions
/// (``CallHabit``).
final class CallWatch: Sendable {
    /// Why a framework calls no more.
    static let likelyReason =
        "If its log says that sends fail (ApiNotAvailable), it has taken the end of the old connection for that of the "
        + "new one, as frameworks on aiocqhttp do: restart it. Else it has nothing to say."

    private let bot: SelfID
    private let habit = Mutex(CallHabit())

    init(_ bot: SelfID) { self.bot = bot }

    func connected() { habit.withLock { $0.connected(at: .now) } }

    func called() { habit.withLock { $0.called() } }

    /// - Returns: whether it is time to say that it gets messages and has ceased to call.
    func delivered(_ frames: ByteBuffer, events: Int) -> Bool {
        habit.withLock { habit in
            habit.delivered(habit.isWatching ? messages(in: frames) : events, at: .now)
        }
    }

    private func messages(in frames: ByteBuffer) -> Int {
        WebSocketConnection.texts(inEncoded: frames).count { EventView($0, of: bot).postType == "message" }
    }
}
