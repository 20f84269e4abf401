import Bus
import NIOCore
import NIOPosix
import Synchronization

/// The stage for one case of ``MessageBusContract``: its connections and its names, which are gone when it ends.
final class BusStage: Sendable {
    let contract: MessageBusContract
    private let prefix = "contract-\(UInt64.random(in: 0 ... .max))"
    private let opened = Mutex<[any MessageBus]>([])
    private let queues = Mutex<Set<QueueName>>([])

    init(_ contract: MessageBusContract) { self.contract = contract }

    func connect() async throws -> any MessageBus {
        let bus = try await contract.connect()
        opened.withLock { $0.append(bus) }
        return bus
    }

    /// A queue's name that nobody else has.
    func queue(_ name: String = "queue") -> QueueName {
        let queue = QueueName("\(prefix).\(name)")
        queues.withLock { _ = $0.insert(queue) }
        return queue
    }

    /// An exchange's name that nobody else has.
    func exchange(_ kind: Exchange.Kind, _ name: String = "exchange") -> Exchange {
        Exchange("\(prefix).\(name)", kind)
    }

    /// An event loop that outlives the test.
    func anyEventLoop() -> any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }

    /// Ends the connections and deletes the queues.
    func clear() async {
        for bus in opened.withLock({ $0 }) { await bus.close() }
        // `try?`: this only tidies up, and must not fail the case.
        guard let bus = try? await contract.connect() else { return }
        for queue in queues.withLock({ $0 }) { try? await bus.delete(queue) }
        await bus.close()
    }
}

extension MessageBus {
    /// Publishes a text to the exchange, and waits for the outcome.
    func publish(
        _ text: String, to exchange: Exchange, _ key: RoutingKey, mandatory: Bool = false,
        expiration: Duration? = nil
    ) async -> PublishOutcome {
        var message = Message(ByteBuffer(string: text))
        message.properties.expiration = expiration
        return await publish(message, to: exchange, key: key, mandatory: mandatory)
    }

    /// Publishes texts straight into a queue, and waits until all are confirmed.
    func fill(_ queue: QueueName, with texts: [String]) async throws {
        for text in texts {
            let outcome = await publish(text, to: .toQueue, RoutingKey(queue.text), mandatory: true)
            if outcome != .confirmed { throw UnexpectedOutcome(text: text, outcome: outcome) }
        }
    }
}

/// A publish that should have been confirmed.
struct UnexpectedOutcome: Error, CustomStringConvertible {
    let text: String
    let outcome: PublishOutcome

    var description: String { "Publishing '\(text)' ended as \(outcome)." }
}
