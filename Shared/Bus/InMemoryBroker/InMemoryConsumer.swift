import NIOCore
import Synchronization

/// A consumer at its event loop: fetches messages there and hands them to the handler, one after another.
///
/// Once woken, it is not woken again until it has found nothing more to do, so that a publish to a busy consumer costs
/// no hop. It takes a bounded number of messages in one turn of its loop, then lets others run.
final class InMemoryConsumer: BusConsumer {
    /// Deliveries in one turn of the event loop.
    private static let maxPerTurn = 256

    let id: ConsumerID
    let queue: QueueName
    let connection: ConnectionID
    private let eventLoop: any EventLoop
    private let broker: InMemoryBroker
    private let cancelled: @Sendable () -> Void
    private let handler: @Sendable (Delivery) -> Void
    /// Set when its owner cancels it, or its queue is deleted, whichever comes first: `cancelled` is called only in the
    /// second case.
    private let isOver = Atomic(false)

    init(
        _ id: ConsumerID, of queue: QueueName, by connection: ConnectionID, at broker: InMemoryBroker,
        on eventLoop: any EventLoop, cancelled: @escaping @Sendable () -> Void,
        handler: @escaping @Sendable (Delivery) -> Void
    ) {
        self.id = id
        self.queue = queue
        self.connection = connection
        self.broker = broker
        self.eventLoop = eventLoop
        self.cancelled = cancelled
        self.handler = handler
    }

    func cancel() async {
        isOver.store(true, ordering: .relaxed)
        await stop()
    }

    /// Takes it out of its queue. Done on its event loop, between two turns of delivering: no handler is running then,
    /// and none starts later.
    func stop() async {
        await EventLoopTurn.run(on: eventLoop) { self.broker.remove(self) }
    }

    /// There are messages to fetch. Always a task of its own, so that no handler runs inside a call of `publish`.
    func wake() {
        eventLoop.execute { self.deliver() }
    }

    /// The queue was deleted, and the consumer with it.
    func queueIsGone() {
        eventLoop.execute { self.callCancelled() }
    }

    /// As ``queueIsGone()``, and waits until its owner has heard.
    func tellCancelled() async {
        await EventLoopTurn.run(on: eventLoop) { self.callCancelled() }
    }

    private func callCancelled() {
        if !isOver.exchange(true, ordering: .relaxed) { cancelled() }
    }

    private func deliver() {
        var left = Self.maxPerTurn
        let now = broker.now()
        while left > 0 {
            let messages = broker.take(by: self, limit: left, at: now)
            if messages.isEmpty { return }
            for message in messages { handler(delivery(of: message)) }
            left -= messages.count
        }
        wake()
    }

    private func delivery(of taken: TakenMessage) -> Delivery {
        let published = taken.published
        return Delivery(
            published.message, exchange: published.exchange, routingKey: published.routingKey,
            redelivered: taken.wasDelivered
        ) { [broker, id, queue] in broker.acknowledge(taken.tag, by: id, of: queue) }
    }
}
