import NIOCore
import OneBot

/// What goes out now, and what waits.
extension ClientSession {
    /// False while the client reads too slowly, and for a moment after an answer where it wants each by itself.
    var mayWrite: Bool { connection.isWritable && !(wantsAnswersApart && answersApart?.isPausing == true) }

    /// Only while ``mayWrite``; it goes out with the next flush.
    /// - Parameter isPart: one of several answers to the same call: whoever takes these takes them together.
    @inline(__always)
    func write(_ frames: ByteBuffer, as kind: OutgoingKind, isPart: Bool = false) {
        if frames.readableBytes > LargestSent.leastBytes { largest.sent(frames, as: kind) }
        guard wantsAnswersApart, kind == .answer, !isPart else { return connection.send(frames, as: kind) }
        writeApart(frames, as: kind)
    }

    private func writeApart(_ frames: ByteBuffer, as kind: OutgoingKind) {
        // Nor with what was written before it.
        connection.flush()
        connection.send(frames, as: kind)
        if let step = answersApart?.wroteAnswer() { take(step) }
    }

    func take(_ step: AnswersApart.Step) {
        if let ping = step.ping { connection.ping(ping, behind: .answer) }
        connection.eventLoop.assumeIsolated().scheduleTask(in: step.pause) {
            guard self.answersApart?.timeIsUp(step) == true else { return }
            self.writeWaiting()
            self.answersWentOut()
        }
    }

    func writeWaiting() {
        guard answersApart?.isWriting != true else { return }
        answersApart?.isWriting = true
        while mayWrite, let next = outbound.next() {
            if next.missedBefore > 0, let bot = state.bot {
                let gap = EventGap(of: bot, missed: next.missedBefore).text(time: UnixTime.now)
                write(HubFrame.encode(gap), as: .event)
            }
            write(next.frames, as: next.kind, isPart: next.isPart)
        }
        answersApart?.isWriting = false
        connection.flush()
    }

    /// The connection is about to be closed: what waits for a pause only goes out before.
    func endPause() {
        while answersApart?.isPausing == true {
            answersApart?.endPause()
            writeWaiting()
        }
    }
}
