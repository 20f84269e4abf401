import Actions
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// A bot that has answered nothing for long gets no more actions of clients, and we ask it ourselves until it answers.
/// Confined to the link's event loop.
final class BotSilence: @unchecked Sendable {  // confined to its event loop, as said above
    private let bot: SelfID
    private let eventLoop: any EventLoop
    private let metrics: BotMetrics
    private var breaker: CircuitBreaker
    /// Set while the breaker is open.
    private var probing: Scheduled<Void>?
    /// A better reason than that the bot does not answer, where one is known.
    private var muteness: String?
    private var probe: (_ timeout: Duration, _ now: NIODeadline) -> Void = { _, _ in }

    init(of bot: SelfID, on eventLoop: any EventLoop, configuration: BreakerConfiguration, metrics: BotMetrics) {
        self.bot = bot
        self.eventLoop = eventLoop
        self.metrics = metrics
        breaker = CircuitBreaker(threshold: configuration.timeouts, probeInterval: configuration.probeInterval)
    }

    /// - Parameter probe: asks the bot for its status. What it answers does not matter, only that it does.
    func begin(probing probe: @escaping (_ timeout: Duration, _ now: NIODeadline) -> Void) { self.probe = probe }

    /// How many timeouts in a row open the breaker.
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

    /// Takes note that so many actions were not answered in time.
    /// - Parameter sentence: a better reason than that the bot does not answer, where one is known.
    /// - Returns: whether it is silent from now on: then what waits is to be refused, and it is to be ``watch()``ed.
    func timedOut(_ count: Int, because sentence: String? = nil, at now: NIODeadline) -> Bool {
        guard breaker.timedOut(count, at: now) else { return false }
        if let sentence { muteness = sentence }
        metrics.setSilent(true)
        return true
    }

    /// Asks the bot for its status from now on, until it answers.
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

    /// Takes note that the bot answered, or has another connection: what it did not answer over an earlier one says
    /// nothing about the next.
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
