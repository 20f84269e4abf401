/// Asks questions over the bus: publishes with `reply_to` and a correlation id of its own, and waits for the answer with a deadline.
/// Whoever consumes the queue `inbox` hands every delivery without an exchange name (an answer) to ``receive(_:)``.
public final class Requester: Sendable {
    public let inbox: QueueName

    /// - Parameter idPrefix: starts every correlation id, so that one inbox can serve several askers.
    public init(bus: any MessageBus, inbox: QueueName, idPrefix: String) { fatalError("unwritten") }

    /// Publishes mandatory, with `expiration` = `timeout`, and waits for the answer.
    /// - Throws: ``MessageBusError/unroutable(_:)``, ``MessageBusError/timedOut(_:)``, ``MessageBusError/rejected(_:)``,
    ///   ``MessageBusError/disconnected`` or, after ``close()``, ``MessageBusError/closed``. Cancelling the task ends the wait (`timedOut`).
    public func request(
        _ message: Message, to exchange: Exchange, key: RoutingKey, timeout: Duration
    ) async throws(MessageBusError) -> Message { fatalError("unwritten") }

    /// Takes an answer; false where nobody waits for it (it came late, or is not ours).
    public func receive(_ delivery: Delivery) -> Bool { fatalError("unwritten") }

    /// Ends every wait with ``MessageBusError/closed``.
    public func close() { fatalError("unwritten") }
}
