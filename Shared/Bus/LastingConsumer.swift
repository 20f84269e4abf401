import Synchronization

/// A consumer of a queue that a service cannot do without: where the queue is lost (somebody deleted it, or the
/// broker's node that had it is gone), both are made anew.
public final class LastingConsumer: Sendable {
    /// Makes the queue, and begins to take from it.
    public typealias Opening =
        @Sendable (_ lost: @escaping @Sendable () -> Void) async throws(MessageBusError) -> any BusConsumer

    private let opening: Opening
    private let current = Mutex<(any BusConsumer)?>(nil)
    private let losses: AsyncStream<Void>
    private let loss: AsyncStream<Void>.Continuation

    public init(_ opening: @escaping Opening) {
        self.opening = opening
        (losses, loss) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Opens it for the first time.
    public func open() async throws(MessageBusError) {
        let consumer = try await opening { [loss] in loss.yield() }
        current.withLock { $0 = consumer }
    }

    /// Opens it again each time it is lost, until cancelled.
    /// - Parameters:
    ///   - pause: before each attempt.
    ///   - lost: is called at each loss.
    ///   - regained: is called when it is open again. Messages that came meanwhile did not arrive here.
    public func keep(
        pause: Duration = .seconds(1), lost: @Sendable () -> Void, regained: @Sendable () -> Void
    ) async {
        for await _ in losses {
            lost()
            await cancel()
            while !Task.isCancelled {
                try? await Task.sleep(for: pause)  // Cancelled: the loops end.
                if Task.isCancelled { break }
                // `try?`: the next attempt follows.
                if (try? await open()) != nil {
                    regained()
                    break
                }
            }
        }
    }

    /// No delivery comes after this returns, unless it is being kept.
    public func cancel() async {
        let consumer = current.withLock { consumer in
            defer { consumer = nil }
            return consumer
        }
        await consumer?.cancel()
    }
}
