import Metrics
import NIOCore
import Observability
import Synchronization

/// What an operator sees of one bot's link: counters shared by all links, and what ``BotGauges`` reads of this one,
/// from any thread.
final class BotMetrics: Sendable {
    let eventsPublished = MetricNames.eventsPublished.counter()
    /// The bus refused an event: consumers declare a gap.
    let eventsRefused = MetricNames.eventsRefused.counter()
    /// Frames from a connection that has no place for them.
    let framesIgnored = MetricNames.framesIgnored.counter()
    /// Answered 1503 because too many waited.
    let actionsRefused = MetricNames.actionsRefused.counter()

    /// Failed, and nobody waited for the outcome.
    let unattendedFailed = MetricNames.unattendedFailed.counter()
    /// Answers of the bot that nobody waited for any more.
    let lateAnswers = MetricNames.lateAnswers.counter()
    /// Seen before, and not carried out again.
    let actionsRepeated = MetricNames.actionsRepeated.counter()
    /// Dropped because another edge had the bot when the bus was back.
    let eventsSuperseded = MetricNames.eventsSuperseded.counter()

    /// Answered 1429: too many waited for their turn, or it did not come in time.
    let pacingFull = MetricNames.pacedRefused.counter("queue_full")
    let pacingExpired = MetricNames.pacedRefused.counter("max_wait")
    let pacingWait = MetricNames.pacedWait.timer()
    /// Answered 1503 because the bot had not answered for long.
    let actionsUnanswering = MetricNames.actionsUnanswering.counter()

    private let lastEvent = Atomic<UInt64>(NIODeadline.now().uptimeNanoseconds)
    private let waiting = Atomic<Int>(0)
    private let waitingBytes = Atomic<Int>(0)
    private let paced = Atomic<Int>(0)
    private let silent = Atomic<Bool>(false)

    func publishedEvent(at now: NIODeadline) {
        eventsPublished.increment()
        lastEvent.store(now.uptimeNanoseconds, ordering: .relaxed)
    }

    func setWaiting(_ queue: ActionQueue) {
        waiting.store(queue.count, ordering: .relaxed)
        waitingBytes.store(queue.bytes, ordering: .relaxed)
    }

    func setPaced(_ count: Int) { paced.store(count, ordering: .relaxed) }
    func setSilent(_ isSilent: Bool) { silent.store(isSilent, ordering: .relaxed) }

    var actionsPaced: Int { paced.load(ordering: .relaxed) }
    /// It does not answer, and its actions fail at once.
    var isSilent: Bool { silent.load(ordering: .relaxed) }

    /// How long ago the last event was or, where none came, the link was made.
    func silence(at now: NIODeadline) -> TimeAmount {
        let last = NIODeadline.uptimeNanoseconds(lastEvent.load(ordering: .relaxed))
        return last < now ? now - last : .zero
    }

    var actionsWaiting: (count: Int, bytes: Int) {
        (waiting.load(ordering: .relaxed), waitingBytes.load(ordering: .relaxed))
    }
}
