import Bus
import Metrics
import NIOCore
import Synchronization

/// A consumer. It outlives its channel: each time the connection comes back, it gets a new one.
///
/// `@unchecked Sendable`: `channel`, `acks`, `acksMayWait`, `isTimed`, `held` and `isHeld` are touched on the bus's
/// event loop only; the rest is behind its mutex.
final class AMQPConsumer: BusConsumer, @unchecked Sendable {  // confined to the bus's event loop, as said above
    let queue: QueueName
    let prefetch: UInt16
    /// Whether acknowledgements may wait for each other: what is delivered again after a loss comes back to this
    /// process, or to nobody.
    var acksMayWait = false
    private let busLoop: any EventLoop
    private let handlerLoop: any EventLoop
    private let handler: @Sendable (Delivery) -> Void
    private let incoming: Mutex<Incoming>
    private weak let bus: AMQPBus?

    private var channel: AMQPChannel?
    private var acks = AckBatch()
    /// Whether a timer runs that sends all acknowledgements when it ends.
    private var isTimed = false
    /// Delivered before the bus is up again: a handler's answers could not be sent yet.
    private var held: [ContentAssembly.Content] = []
    private var isHeld = false

    /// Deliveries that the handler has not taken yet: at most `prefetch`, where that is a limit.
    private struct Incoming {
        var deliveries: [Delivery] = []
        var isScheduled = false
        /// Nothing is handed out any more.
        var isStopped = false
        /// `nil` once it was called, or can no longer be.
        var cancelled: (@Sendable () -> Void)?
    }

    init(
        of queue: QueueName, prefetch: Int, busLoop: any EventLoop, handlerLoop: any EventLoop,
        cancelled: @escaping @Sendable () -> Void, handler: @escaping @Sendable (Delivery) -> Void, bus: AMQPBus
    ) {
        self.queue = queue
        self.prefetch = UInt16(clamping: prefetch)
        self.busLoop = busLoop
        self.handlerLoop = handlerLoop
        self.handler = handler
        self.bus = bus
        incoming = Mutex(Incoming(cancelled: cancelled))
    }

    func cancel() async {
        stop()
        await bus?.remove(self)
        // A delivery that is being handled now may finish.
        try? await handlerLoop.submit {}.get()  // a loop that has shut down handles nothing any more
    }

    // MARK: On the bus's event loop

    /// Begins to consume on a channel of its own.
    /// - Parameter isHeld: nothing is handed out before ``release()``.
    func subscribe(on connection: AMQPConnection, isHeld: Bool = false) -> EventLoopFuture<Void> {
        self.isHeld = isHeld
        held = []
        return connection.openChannel().flatMap { channel in
            // Its owner cancelled it meanwhile.
            if self.incoming.withLock({ $0.isStopped }) { return channel.close() }
            self.channel = channel
            self.acks = AckBatch(mayWait: self.acksMayWait, prefetch: self.prefetch)
            channel.onMessage = { [weak self, weak channel] content in
                guard let self, let channel else { return }
                self.received(content, on: channel)
            }
            channel.onCancelled = { [weak self] in
                guard let self else { return }
                self.bus?.forget(self)
                self.tellCancelled()
                // The channel is not needed any more. Closing it fails only where the connection has ended, and the
                // channel with it.
                self.unsubscribe().whenFailure { _ in }
            }
            let qos = channel.call(.basicQos(prefetch: self.prefetch))
            return qos.and(channel.call(.basicConsume(self.queue))).map { _ in
                // The broker closed the channel (for an acknowledgement that took too long, for example): everything is
                // made anew.
                channel.onClosed = { [weak connection] error in
                    if case .channelClosed = error { connection?.fail(error) }
                }
            }
        }
    }

    /// Closes its channel: what was not acknowledged returns to the queue.
    func unsubscribe() -> EventLoopFuture<Void> {
        sendAcks()
        let channel = channel
        self.channel = nil
        return channel?.close() ?? busLoop.makeSucceededVoidFuture()
    }

    /// The connection is gone, and with it the channel.
    func channelLost() {
        channel = nil
        held = []
    }

    /// Hands out what was held back, and from now on everything at once.
    func release() {
        guard isHeld else { return }
        isHeld = false
        let contents = held
        held = []
        for content in contents {
            guard let channel else { return }
            received(content, on: channel)
        }
    }

    /// The queue is gone: its owner hears it once, after what was delivered before.
    func tellCancelled() {
        let cancelled = incoming.withLock { incoming in
            defer { incoming.cancelled = nil }
            return incoming.isStopped ? nil : incoming.cancelled
        }
        if let cancelled { handlerLoop.execute(cancelled) }
    }

    /// Hands nothing out any more.
    func stop() {
        incoming.withLock { incoming in
            incoming.isStopped = true
            incoming.deliveries = []
            incoming.cancelled = nil
        }
    }

    private func received(_ content: ContentAssembly.Content, on channel: AMQPChannel) {
        if isHeld { return held.append(content) }
        guard case .delivery(let tag, let redelivered, let exchange, let key) = content.start else { return }
        acks.delivered(tag)
        if redelivered { bus?.metrics.redeliveries.increment() }
        let delivery = Delivery(content.message, exchange: exchange, routingKey: key, redelivered: redelivered) {
            self.acknowledge(tag, on: channel)
        }
        if handlerLoop === busLoop {
            if !incoming.withLock({ $0.isStopped }) { handler(delivery) }
            return
        }
        let mustSchedule = incoming.withLock { incoming in
            if incoming.isStopped { return false }
            incoming.deliveries.append(delivery)
            defer { incoming.isScheduled = true }
            return !incoming.isScheduled
        }
        if mustSchedule { handlerLoop.execute { self.handleAll() } }
    }

    private func acknowledge(_ tag: UInt64, on channel: AMQPChannel) {
        guard busLoop.inEventLoop else { return busLoop.execute { self.acknowledge(tag, on: channel) } }
        // The delivery came on an earlier channel: the broker delivers it again anyway.
        guard self.channel === channel else { return }
        switch acks.acknowledge(tag) {
        case .settled: break
        case .now: busLoop.execute { self.sendAcks() }
        case .later:
            // A timer that still runs from before ends sooner, which does no harm.
            guard !isTimed else { return }
            isTimed = true
            busLoop.scheduleTask(in: AckBatch.longestWait) { [weak self] in
                self?.isTimed = false
                self?.sendAcks()
            }
        }
    }

    /// Whether the broker has been told of everything that was acknowledged.
    var hasSentAcks: Bool { acks.isSent }

    func sendAcks() {
        for ack in acks.take() { channel?.send(.basicAck(deliveryTag: ack.tag, multiple: ack.multiple)) }
    }

    // MARK: On the handler's event loop

    private func handleAll() {
        let deliveries = incoming.withLock { incoming in
            defer { incoming.deliveries = [] }
            incoming.isScheduled = false
            return incoming.deliveries
        }
        for delivery in deliveries where !incoming.withLock({ $0.isStopped }) { handler(delivery) }
    }
}
