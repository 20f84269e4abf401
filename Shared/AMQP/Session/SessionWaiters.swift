import NIOCore

/// Those who wait for a connection, each for a limited time.
///
/// Not `Sendable`: confined to the bus's event loop.
final class SessionWaiters {
    private struct Waiter {
        let promise: EventLoopPromise<AMQPSession>
        let timeout: Scheduled<Void>
    }

    /// How long declaring and consuming wait for a connection.
    static let patience = TimeAmount.seconds(10)

    /// In the order in which they came.
    private var waiters: [(number: Int, waiter: Waiter)] = []
    private var lastNumber = 0

    var count: Int { waiters.count }

    /// Fails with ``NoConnection`` where none comes in time.
    func add(on eventLoop: any EventLoop) -> EventLoopFuture<AMQPSession> {
        let promise = eventLoop.makePromise(of: AMQPSession.self)
        lastNumber += 1
        let number = lastNumber
        let timeout = eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in
            self?.waiters.removeAll { $0.number == number }
            promise.fail(NoConnection())
        }
        waiters.append((number, Waiter(promise: promise, timeout: timeout)))
        return promise.futureResult
    }

    func succeed(_ session: AMQPSession) {
        for waiter in takeAll() { waiter.promise.succeed(session) }
    }

    func fail(_ error: any Error) {
        for waiter in takeAll() { waiter.promise.fail(error) }
    }

    private func takeAll() -> [Waiter] {
        let all = waiters.map(\.waiter)
        waiters = []
        for waiter in all { waiter.timeout.cancel() }
        return all
    }
}

/// There was no connection in time.
struct NoConnection: Error {}
