import Actions
import Bus
import Contracts
import Logging
import NIOCore
import ServiceLifecycle

/// The edge's one queue: what comes there is handed to the ``Inbox``, and where the queue goes away it is made anew.
final class InboxQueue: Sendable {
    private let requester: Requester
    private let bus: any MessageBus
    private let consumer: LastingConsumer
    private let logger: Logger
    private let regained: @Sendable () -> Void

    /// - Parameters:
    ///   - receive: on the event loop.
    ///   - regained: called when the queue is back. What came while there was none is missing: the next event declares
    ///     a gap, and the rest is to be asked for.
    init(
        requester: Requester, exchanges: Exchanges, address: EdgeAddress, bus: any MessageBus,
        eventLoop: any EventLoop, logger: Logger, receive: @escaping @Sendable (Delivery) -> Void,
        regained: @escaping @Sendable () -> Void
    ) {
        self.requester = requester
        self.bus = bus
        self.logger = logger
        self.regained = regained
        let queue = requester.inbox
        consumer = LastingConsumer { lost throws(MessageBusError) in
            let key = BindingPattern(address.key.text)
            for exchange in exchanges.all { try await bus.declare(exchange) }
            try await bus.declare(
                QueueDeclaration(
                    queue, hasSingleActiveConsumer: true, expires: .seconds(60), maxLengthBytes: 256 << 20))
            try await bus.bind(queue, to: exchanges.events, "#")
            for pattern in PresenceChange.patterns { try await bus.bind(queue, to: exchanges.presence, pattern) }
            try await bus.bind(queue, to: exchanges.broadcast, key)
            try await bus.bind(queue, to: exchanges.callback, key)
            try await bus.bind(queue, to: exchanges.rpc, key)
            return try await bus.consume(queue, prefetch: 4_096, on: eventLoop, cancelled: lost, handler: receive)
        }
    }

    /// Waits for the bus; false where the process is to stop before.
    func open() async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await self.bus.persistently { try await self.consumer.open() }
            }
            return true
        } catch is CancellationError {
            return false
        }
    }

    /// Keeps the queue until cancelled.
    func keep() async {
        await consumer.keep {
            self.logger.warning("The edge's queue was deleted under it; it is made anew.")
        } regained: {
            self.logger.notice("The edge has its queue again.")
            self.regained()
        }
    }

    func end() async {
        await consumer.cancel()
        requester.close()
        // Where the broker is away the queue expires by itself.
        try? await bus.delete(requester.inbox)
    }
}
