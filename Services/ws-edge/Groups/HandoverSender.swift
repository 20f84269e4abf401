import Bus
import Contracts
import Metrics
import NIOCore

/// Hands events on to other edges, in order; kept until the bus has them.
///
/// `@unchecked Sendable`: everything mutable is touched on `eventLoop` only.
final class HandoverSender: @unchecked Sendable {  // confined to its event loop, as said above
    /// As much as may wait for one slow member, so that all of it can be handed on when that is closed.
    private static let limits = Outbox<GroupedEvent>.Limits(window: 1_024, held: 262_144, bytes: 64 << 20)
    private static let retryInterval = TimeAmount.milliseconds(500)

    private let bus: any MessageBus
    private let exchange: Exchange
    private let eventLoop: any EventLoop
    private let metrics: EdgeMetrics
    private var outbox = Outbox<GroupedEvent>(limits)
    private var isPublishing = false

    init(bus: any MessageBus, exchange: Exchange, eventLoop: any EventLoop, metrics: EdgeMetrics) {
        self.bus = bus
        self.exchange = exchange
        self.eventLoop = eventLoop
        self.metrics = metrics
        _ = outbox.open()
    }

    /// From any thread; events of one caller go out in its order.
    func send(_ event: GroupedEvent) {
        onLoop {
            guard $0.outbox.count < Self.limits.held, $0.outbox.bytes < Self.limits.bytes else {
                $0.metrics.groups.dropped.increment()
                return
            }
            _ = $0.outbox.add(event, bytes: event.frames.readableBytes)
            $0.publishWaiting()
        }
    }

    /// A bus that confirms at once calls this method from within itself; the inner call does nothing.
    private func publishWaiting() {
        guard !isPublishing else { return }
        isPublishing = true
        defer { isPublishing = false }
        while let (event, ticket) = outbox.take() {
            // The message is made anew each time, with the same id, so that an event that waits need not keep it.
            bus.publish(event.message, to: exchange, key: event.owner.edge.key, mandatory: true) { outcome in
                self.onLoop { $0.ended(event, ticket, outcome) }
            }
        }
    }

    private func ended(_ event: GroupedEvent, _ ticket: Outbox<GroupedEvent>.Ticket, _ outcome: PublishOutcome) {
        switch outcome {
        case .confirmed:
            _ = outbox.settle(ticket)
        case .unroutable:
            // That edge is gone, and its members with it.
            _ = outbox.settle(ticket)
            event.orphaned()
        case .rejected, .notStored:
            _ = outbox.settle(ticket)
            metrics.groups.dropped.increment()
        case .unreachable, .unknown:
            guard outbox.isOfThisRound(ticket) else { return }
            _ = outbox.close()
            eventLoop.scheduleTask(in: Self.retryInterval) { [weak self] in
                guard let self else { return }
                _ = outbox.open()
                publishWaiting()
            }
            return
        }
        publishWaiting()
    }

    private func onLoop(_ body: @escaping @Sendable (HandoverSender) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }
}
