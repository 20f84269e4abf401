import Actions
import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// The actions that wait for the bot's socket, and those that make the bot speak and wait for their turn. Each is given
/// out once, to be sent or to be answered. Confined to the link's event loop.
final class WaitingActions: @unchecked Sendable {  // confined to its event loop, as said above
    enum Admission {
        case waits
        case refused(Response)
        /// It waits in the place of another one, which gets this response.
        case displaces(Delivery, Response)
    }

    private let bot: SelfID
    private let eventLoop: any EventLoop
    private let pacing: PacingConfiguration
    private let metrics: BotMetrics
    private var wake: () -> Void = {}
    private var queue = ActionQueue() {
        didSet { metrics.setWaiting(queue) }
    }
    /// The actions that wait for their turn; `nil` where nothing is paced.
    private var pacer: Pacer<Delivery>? {
        didSet { metrics.setPaced(pacer?.count ?? 0) }
    }
    private var timer: (deadline: NIODeadline, scheduled: Scheduled<Void>)?

    init(for bot: SelfID, on eventLoop: any EventLoop, pacing: PacingConfiguration, metrics: BotMetrics) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.pacing = pacing
        self.metrics = metrics
        pacer = pacing.isOn ? Pacer(pacing) : nil
    }

    /// - Parameter wake: called when it may be somebody's turn.
    func begin(waking wake: @escaping () -> Void) { self.wake = wake }

    /// Nothing waits, and nothing is paced.
    var isIdle: Bool { pacer == nil && queue.isEmpty }

    /// Lets an action wait.
    /// - Parameter asker: who asked, since askers take turns; an action that nobody waits for had an asker, too.
    func add(
        _ delivery: Delivery, _ frame: JSONObject, _ name: ActionName, askedBy asker: MessageProperties,
        at now: NIODeadline
    ) -> Admission {
        if pacer != nil, pacing.paces(name) { return pace(delivery, frame, askedBy: asker, at: now) }
        if queue.add(delivery, at: now) { return .waits }
        metrics.actionsRefused.increment()
        return .refused(
            .failed(.unavailable(.no()), "Too many actions wait for bot \(bot); this one was not carried out."))
    }

    private func pace(
        _ delivery: Delivery, _ frame: JSONObject, askedBy asker: MessageProperties, at now: NIODeadline
    ) -> Admission {
        let request = Pacer<Delivery>.Request(
            asker: Self.asker(of: asker), chat: PacedChat(frame["params"]?.object),
            priority: Int(asker.priority ?? 0), bytes: delivery.body.readableBytes, expiration: asker.expiration)
        switch pacer?.add(delivery, request, at: now) {
        case .waits, nil: return .waits
        case .refused(let refusal): return .refused(response(to: refusal))
        case .displaces(let other, let refusal): return .displaces(other, response(to: refusal))
        }
    }

    private func response(to refusal: Pacer<Delivery>.Refusal) -> Response {
        metrics.pacingFull.increment()
        return .failed(
            .rateLimited(retryAfter: refusal.retryAfter, queuePosition: refusal.position),
            "\(refusal.position - 1) actions wait for their turn at bot \(bot); this one was not carried out. "
                + "Try again later, or raise pacing.max_queued.")
    }

    /// The next one that is to be sent, or has waited too long for the socket.
    func next(at now: NIODeadline) -> ActionQueue.Next? { queue.next(at: now) ?? nextPaced(at: now) }

    private func nextPaced(at now: NIODeadline) -> ActionQueue.Next? {
        guard pacer != nil, let release = pacer?.next(at: now) else { return nil }
        metrics.pacingWait.recordNanoseconds((now - release.arrived).nanoseconds)
        return .send(release.item)
    }

    /// Takes out the actions that have waited too long for their turn, with the response to give; `nil`: there are
    /// none.
    func expire(at now: NIODeadline) -> (late: [Delivery], response: Response)? {
        guard pacer != nil, let late = pacer?.expire(at: now), !late.isEmpty else { return nil }
        let retryAfter = pacer?.estimate(nil, at: now) ?? .seconds(1)
        metrics.pacingExpired.increment(by: late.count)
        return (
            late,
            .failed(
                .rateLimited(retryAfter: retryAfter),
                "The action waited too long for its turn at bot \(bot) and was not carried out. "
                    + "Send less, or raise pacing.max_wait.")
        )
    }

    /// Takes out everything that waits, in order.
    func removeAll() -> [Delivery] { queue.removeAll() + (pacer?.removeAll() ?? []) }

    /// Wakes when the next turn comes, where the bot takes actions, or the next deadline. A timer that rings too early
    /// does no harm.
    func schedule(canSend: Bool) {
        guard pacer != nil else { return }
        let times = [canSend ? pacer?.nextRelease : nil, pacer?.nextDeadline].compactMap { $0 }
        guard let deadline = times.min() else { return }
        if let timer, timer.deadline <= deadline { return }
        timer?.scheduled.cancel()
        let scheduled = eventLoop.scheduleTask(deadline: deadline) {
            self.timer = nil
            self.wake()
        }
        timer = (deadline, scheduled)
    }

    /// Who takes turns with others: a client's session, all callers of a gateway together, or a program on the broker
    /// by its reply queue. A program that writes its correlation ids as edges do may get several turns; it could get
    /// them with several reply queues as well.
    static func asker(of properties: MessageProperties) -> String {
        let queue = properties.replyTo?.text ?? ""
        guard let call = properties.correlationID.flatMap({ CallID($0) }) else { return queue }
        return "\(queue) c\(call.session)"
    }
}
