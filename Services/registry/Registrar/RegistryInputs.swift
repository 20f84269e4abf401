import Bus
import Contracts
import OneBot
import Synchronization

/// What the registry is told, one after another.
enum RegistryInput: Sendable {
    typealias Reply<Answer: Sendable> = @Sendable (Result<Answer, RPC.Failure>) -> Void

    case question(Delivery)
    case report(Delivery)
    /// Time has passed.
    case tick
    case portWanted(RegistryAPI.LeasePort, failures: [EdgeAddress: Int], Reply<PortOffer>)
    case portBound(PortOffer, EdgeAPI.PortOpened, Reply<RegistryAPI.PortGrant>)
    case portNotBound(PortOffer)
    case portClosed(appID: String)
}

/// The one queue in which every input waits. Its length is bounded by what can be under way: the consumers' prefetch,
/// the ports being opened (two inputs each), one tick.
final class RegistryInputs: Sendable {
    let stream: AsyncStream<RegistryInput>
    private let continuation: AsyncStream<RegistryInput>.Continuation
    private let isTickWaiting = Mutex(false)
    private let outage = Mutex((isOn: false, wasOn: false))

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// False where nothing is taken any more.
    @discardableResult
    func send(_ input: RegistryInput) -> Bool {
        if case .enqueued = continuation.yield(input) { return true }
        return false
    }

    func tick() {
        let isFirst = isTickWaiting.withLock { isWaiting in
            defer { isWaiting = true }
            return !isWaiting
        }
        if isFirst { send(.tick) }
    }

    /// Notes that the bus is away, or back.
    func bus(isAway: Bool) { outage.withLock { $0 = (isAway, $0.wasOn || isAway) } }

    /// Notes that the tick was taken out of the queue.
    /// - Returns: whether the bus is away, or was since the tick before.
    func tickTaken() -> Bool {
        isTickWaiting.withLock { $0 = false }
        return outage.withLock { outage in
            defer { outage.wasOn = outage.isOn }
            return outage.wasOn
        }
    }

    /// Sends an input that is answered, and waits.
    func ask<Answer: Sendable>(
        _ input: @Sendable (@escaping RegistryInput.Reply<Answer>) -> RegistryInput
    ) async -> Result<Answer, RPC.Failure> {
        await withCheckedContinuation { waiting in
            if !send(input { waiting.resume(returning: $0) }) {
                waiting.resume(
                    returning: .failure(RPC.Failure(.unavailable(.no()), "The registry is stopping."))
                )
            }
        }
    }

    /// What waits is still handled; nothing more is taken.
    func finish() { continuation.finish() }
}
