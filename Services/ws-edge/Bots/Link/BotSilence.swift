import Actions
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// A bot that answers nothing for long is asked no more by clients, but by us. Confined to the link's event loop.
final class BotSilence: @unchecked Sendable {  // confined to its event loop, as said above
    private let bot: SelfID
    private let eventLoop: any EventLoop
    private let metrics: BotMetrics
    private var breaker: CircuitBreaker
    /// There while the breaker is open.
    private var probing: Scheduled<Void>?
    /// Why the bot is said not to answer, where that is known better than that.
    private var muteness: String?
    private var probe: (_ timeout: Duration, _ now: NIODeadline) -> Void = { _, _ in }

    init(of bot: SelfID, on eventLoop: any EventLoop, configuration: BreakerConfiguration, metrics: BotMetrics) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.metrics = metrics
        breaker = CircuitBreaker(threshold: configuration.timeouts, probeInterval: configuration.probeInterval)
    }

    /// - Parameter probe: asks the bot how it is. Nobody is told the answer: that there is one is the answer.
    func begin(probing probe: @escaping (_ timeout: Duration, _ now: NIODeadline) -> Void) { self.probe = probe }

    /// How many timeouts in a row it takes.
    var threshold: Int { breaker.threshold }
    /// When the bot last answered.
    var lastAnswer: NIODeadline { breaker.lastAnswer }
    /// It was silent from the start of its connection.
    var isMute: Bool { muteness != nil }

    /// Why an action fails at once; `nil` where the bot is worth asking.
    func refusal(at now: NIODeadline) -> Response? {
        guard breaker.isOpen else { return nil }
        let reason = muteness ?? "Bot \(bot) does not answer: the action was not carried out."
        return .failed(
            .unavailable(.no(retryAfter: breaker.retryAfter(at: now))),
            "\(reason) Perpetua goes on asking it for its status.")
    }

    /// So many actions were not answered in time.
    /// - Parameter sentence: why it is said not to answer, where that is known better than that.
    /// - Returns: whether it is silent from now on: then what waits is to be refused, and it is to be ``watch()``ed.
    func timedOut(_ count: Int, because sentence: String? = nil, at now: NIODeadline) -> Bool {
        guard breaker.timedOut(count, at: now) else { return false }
        if let sentence { muteness = sentence }
        metrics.setSilent(true)
        return true
    }

    /// Asks it from now on, until it answers.
    func watch() {
        probing?.cancel()
        probing = breaker.nextWake.map { wake in
            eventLoop.scheduleTask(deadline: wake) {
                let now = NIODeadline.now()
                if self.breaker.wake(at: now) {
                    self.probe(.nanoseconds(self.breaker.probeTimeout.nanoseconds), now)
                }
                self.watch()
            }
        }
    }

    /// It answered, or has another connection: what was not answered over an earlier one says nothing of the next.
    /// - Returns: whether it had been silent.
    @discardableResult
    func end() -> Bool {
        guard breaker.answered(at: .now()) else { return false }
        muteness = nil
        metrics.setSilent(false)
        probing?.cancel()
        probing = nil
        return true
    }
}
