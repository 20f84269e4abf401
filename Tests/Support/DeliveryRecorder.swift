public import Bus
public import NIOCore
import Synchronization

/// A consumer that records what it gets, and acknowledges it unless told otherwise.
public final class DeliveryRecorder: Sendable {
    /// Whether deliveries are acknowledged as they come.
    public enum Acknowledging: Sendable { case atOnce, byHand }

    private struct State {
        var deliveries: [Delivery] = []
        var cancellations = 0
        var consumer: (any BusConsumer)?
    }

    private let acknowledging: Acknowledging
    private let state = Mutex(State())

    public init(_ acknowledging: Acknowledging = .atOnce) { self.acknowledging = acknowledging }

    public var deliveries: [Delivery] { state.withLock { $0.deliveries } }
    public var texts: [String] { deliveries.map { String(buffer: $0.body) } }
    /// How often `cancelled` was called.
    public var cancellations: Int { state.withLock { $0.cancellations } }

    /// Starts to consume.
    public func consume(
        _ queue: QueueName, from bus: any MessageBus, prefetch: Int = 0, on eventLoop: any EventLoop
    ) async throws {
        let consumer = try await bus.consume(
            queue, prefetch: prefetch, on: eventLoop, cancelled: { self.state.withLock { $0.cancellations += 1 } },
            handler: record)
        state.withLock { $0.consumer = consumer }
    }

    /// Stops consuming.
    public func cancel() async {
        await state.withLock { $0.consumer }?.cancel()
    }

    /// Waits for that many deliveries, and returns the texts of all that have come by then.
    @discardableResult
    public func texts(atLeast count: Int, file: String = #fileID, line: Int = #line) async throws -> [String] {
        try await eventually(
            "\(count) deliveries are here", file: file, line: line, read: { texts }, until: { $0.count >= count })
    }

    private func record(_ delivery: Delivery) {
        state.withLock { $0.deliveries.append(delivery) }
        switch acknowledging {
        case .atOnce: delivery.acknowledge()
        case .byHand: break
        }
    }
}
