import NIOCore
import OneBot

/// What goes out now, and what waits.
extension ClientSession {
    /// It goes out with the next flush.
    func write(_ frames: ByteBuffer, as kind: OutgoingKind) {
        largest.sent(frames, as: kind)
        connection.send(frames, as: kind)
    }

    func writeWaiting() {
        while connection.isWritable, let next = outbound.next() {
            if next.missedBefore > 0, let bot = state.bot {
                let gap = PerpetuaEvent.eventGap(time: UnixTime.now, selfID: bot, missed: next.missedBefore)
                write(HubFrame.encode(gap), as: .event)
            }
            write(next.frames, as: next.kind)
        }
        connection.flush()
    }
}
