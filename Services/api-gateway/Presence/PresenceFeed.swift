import Bus
import Contracts
import Foundation
import Logging
import Metrics
import NIOCore
import Observability
import OneBot

/// The gateway's inbox: answers to its questions, and the registry's presence changes, which keep its replica. A
/// change that was missed is made up for by a snapshot.
final class PresenceFeed: Sendable {
    /// How many deliveries may be unacknowledged; each is handled as soon as it comes.
    private static let prefetch = 512

    private let view: PresenceView
    private let registry: RegistryClient
    private let requester: Requester
    private let bus: any MessageBus
    private let exchanges: Exchanges
    private let logger: Logger
    private let lateAnswers = MetricNames.lateAnswers.counter()
    private let gaps: AsyncStream<Void>
    private let gap: AsyncStream<Void>.Continuation

    init(
        view: PresenceView, registry: RegistryClient, requester: Requester, bus: any MessageBus, exchanges: Exchanges,
        logger: Logger
    ) {
        self.view = view
        self.registry = registry
        self.requester = requester
        self.bus = bus
        self.exchanges = exchanges
        self.logger = logger
        (gaps, gap) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Makes the inbox and begins to take from it. Like an edge's it outlives a connection that is lost for less than a
    /// minute.
    func open(
        on eventLoop: any EventLoop, lost: @escaping @Sendable () -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        for exchange in exchanges.all { try await bus.declare(exchange) }
        try await bus.declare(
            QueueDeclaration(requester.inbox, hasSingleActiveConsumer: true, expires: .seconds(60)))
        for pattern in PresenceChange.patterns {
            try await bus.bind(requester.inbox, to: exchanges.presence, pattern)
        }
        return try await bus.consume(requester.inbox, prefetch: Self.prefetch, on: eventLoop, cancelled: lost) {
            self.receive($0)
        }
    }

    /// Asks for a new snapshot, because changes were missed.
    func askAgain() { gap.yield() }

    /// Asks for a snapshot at the start, after each gap and after each outage of the bus, again and again until there
    /// is one. Ends with its task.
    func run() async {
        bus.watch { [gap] status in
            if status == .connected { gap.yield() }
        }
        for await _ in gaps {
            var delay: Duration = .milliseconds(100)
            while await needsAnother() {
                // Cancelled: the loops end.
                try? await Task.sleep(for: delay)
                if Task.isCancelled { return }
                delay = min(delay * 2, .seconds(2))
            }
        }
    }

    private func needsAnother() async -> Bool {
        do throws(RPC.Failure) {
            let effect = view.replace(with: try await registry.snapshot())
            requester.doubt(effect)
            return effect.needsSnapshot
        } catch {
            logger.debug("No snapshot from the registry yet.", metadata: [LogKeys.error: "\(error)"])
            return true
        }
    }

    private func receive(_ delivery: Delivery) {
        defer { delivery.acknowledge() }
        guard delivery.exchange == exchanges.presence.name else {
            if delivery.properties.part == .more {
                requester.receive(part: delivery)
            } else if !requester.receive(delivery) {
                lateAnswers.increment()
            }
            return
        }
        do {
            let change = try JSONDecoder().decode(PresenceChange.self, from: Data(delivery.body.readableBytesView))
            let effect = view.apply(change)
            requester.doubt(effect)
            if effect.needsSnapshot { gap.yield() }
        } catch {
            logger.warning(
                "A presence change cannot be read.",
                metadata: [LogKeys.routingKey: "\(delivery.routingKey)", LogKeys.error: "\(error)"])
        }
    }
}
