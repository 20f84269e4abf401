import Bus
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// Before the bot's socket: those actions that make a bot speak wait for their turn, and each is answered in any case.
extension BotLink {
    /// Lets an action wait for its turn.
    /// - Parameter asker: whose turn it is: an action nobody waits for had an asker all the same.
    /// - Returns: why it does not.
    func pace(
        _ delivery: Delivery, _ frame: JSONObject, askedBy asker: MessageProperties, at now: NIODeadline
    ) -> Response? {
        let request = Pacer<Delivery>.Request(
            asker: Self.asker(of: asker), chat: PacedChat(frame["params"]?.object),
            priority: Int(asker.priority ?? 0), bytes: delivery.body.readableBytes, expiration: asker.expiration)
        switch pacer?.add(delivery, request, at: now) {
        case .waits, nil: return nil
        case .refused(let refusal): return response(to: refusal)
        case .displaces(let other, let refusal):
            refuse(other, response(to: refusal))
            return nil
        }
    }

    private func response(to refusal: Pacer<Delivery>.Refusal) -> Response {
        metrics.pacingFull.increment()
        return .failed(
            .rateLimited(retryAfter: refusal.retryAfter, queuePosition: refusal.position),
            "\(refusal.position - 1) actions wait for their turn at bot \(bot); this one was not carried out. "
                + "Try again later, or raise pacing.max_queued.")
    }

    /// The next one whose turn it is.
    func nextPaced(at now: NIODeadline) -> ActionQueue.Next? {
        guard pacer != nil, let release = pacer?.next(at: now) else { return nil }
        metrics.pacingWait.recordNanoseconds((now - release.arrived).nanoseconds)
        return .send(release.item)
    }

    /// Answers what has waited too long for its turn.
    func expirePaced(at now: NIODeadline) {
        guard pacer != nil, let late = pacer?.expire(at: now), !late.isEmpty else { return }
        let retryAfter = pacer?.estimate(nil, at: now) ?? .seconds(1)
        for delivery in late {
            metrics.pacingExpired.increment()
            refuse(
                delivery,
                .failed(
                    .rateLimited(retryAfter: retryAfter),
                    "The action waited too long for its turn at bot \(bot) and was not carried out. "
                        + "Send less, or raise pacing.max_wait."))
        }
    }

    /// Wakes us when the next turn comes, where the bot takes actions, or the next deadline. A timer that rings too early does no harm.
    func schedulePacing(canSend: Bool) {
        guard pacer != nil else { return }
        let times = [canSend ? pacer?.nextRelease : nil, pacer?.nextDeadline].compactMap { $0 }
        guard let wake = times.min() else { return }
        if let pacing, pacing.deadline <= wake { return }
        pacing?.timer.cancel()
        let timer = eventLoop.scheduleTask(deadline: wake) {
            self.pacing = nil
            self.pump()
        }
        pacing = (wake, timer)
    }

    /// Whose turn it is: a client's session, all callers of a gateway together, or a program on the broker by its reply queue. A program that calls
    /// its questions as edges do may have several turns; with several queues it would have them as well.
    static func asker(of properties: MessageProperties) -> String {
        let queue = properties.replyTo?.text ?? ""
        guard let call = properties.correlationID.flatMap({ CallID($0) }) else { return queue }
        return "\(queue) c\(call.session)"
    }
}
