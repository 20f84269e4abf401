import Bus
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// A bot that answers nothing for long is asked no more by clients, but by us.
extension BotLink {
    /// Why an action fails at once; `nil` where the bot is worth asking.
    func unanswering(at now: NIODeadline) -> Response? {
        guard breaker.isOpen else { return nil }
        let reason = muteness ?? "Bot \(bot) does not answer: the action was not carried out."
        return .failed(
            .unavailable(.no(retryAfter: breaker.retryAfter(at: now))),
            "\(reason) Perpetua goes on asking it for its status.")
    }

    /// The connection that takes its actions has brought nothing since it was opened, not even an answer to a
    /// question of ours: nobody waits for it to time out.
    func isMute(_ number: UInt64, because sentence: String) {
        let now = NIODeadline.now()
        guard state.actions?.number == number, breaker.timedOut(breaker.threshold, at: now) else { return }
        muteness = sentence
        stopAsking(at: now)
    }

    /// It has said something after all.
    func isMuteNoMore() {
        if muteness != nil { heardAnswer() }
    }

    /// Ends what the bot has not answered in time.
    func expireSent(at now: NIODeadline) {
        let timeouts = echoes.countExpiring(at: now, sentSince: breaker.lastAnswer)
        publish(echoes.expire(at: now))
        guard breaker.timedOut(timeouts, at: now) else { return }
        logger.warning(
            "The bot does not answer; actions for it fail at once until it does.",
            metadata: [LogKeys.count: "\(breaker.threshold)"])
        stopAsking(at: now)
    }

    private func stopAsking(at now: NIODeadline) {
        metrics.setSilent(true)
        for delivery in waiting.removeAll() + (pacer?.removeAll() ?? []) {
            metrics.actionsUnanswering.increment()
            refuse(delivery, unanswering(at: now) ?? notConnected)
        }
        scheduleProbe()
    }

    /// The bot answered, whatever it was.
    func heardAnswer() {
        if endSilence() { logger.notice("The bot answers again; actions are sent to it.") }
    }

    /// What was not answered over an earlier connection says nothing of the next. True where the bot had been silent.
    @discardableResult
    func endSilence() -> Bool {
        guard breaker.answered(at: .now()) else { return false }
        muteness = nil
        metrics.setSilent(false)
        probing?.cancel()
        probing = nil
        return true
    }

    private func scheduleProbe() {
        probing?.cancel()
        probing = breaker.nextWake.map { wake in
            eventLoop.scheduleTask(deadline: wake) {
                let now = NIODeadline.now()
                if self.breaker.wake(at: now) { self.probe(at: now) }
                self.scheduleProbe()
            }
        }
    }

    /// Asks the bot how it is. Nobody is told the answer: that there is one is the answer.
    private func probe(at now: NIODeadline) {
        // `try?`: we wrote it ourselves, it is an object.
        guard isActionsWritable, let frame = try? JSONObject(Action(name: "get_status", params: nil).frame) else {
            return
        }
        ask(frame, "get_status", timeout: .nanoseconds(breaker.probeTimeout.nanoseconds), for: nil, at: now)
    }
}
