import Observability
import Synchronization

/// The owner of work that outlives the call it came from (a delayed restart): whoever calls ``run()`` runs it, and
/// ends it.
public final class BackgroundTasks: Sendable {
    public typealias Work = @Sendable () async -> Void

    private let stream: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation
    /// How many pieces of work wait or run.
    private let count = Mutex(0)
    private let limit: Int

    /// - Parameter limit: how many pieces of work may wait or run at once; one more is dropped.
    public init(limit: Int = 4096) {
        self.limit = limit
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limit))
    }

    /// Runs what is spawned, each piece in a child task of its own, until cancelled; that cancels the pieces too.
    /// Called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await work in stream {
                group.addTask {
                    await work()
                    self.count.withLock { $0 -= 1 }
                }
            }
        }
    }

    /// Hands the work to ``run()``, with the caller's trace. Over the limit, and once ``run()`` has ended, it is
    /// dropped.
    public func spawn(_ work: @escaping Work) {
        let isAdmitted = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return }
        guard let trace = TraceParent.current else {
            continuation.yield(work)
            return
        }
        continuation.yield { await TraceParent.$current.withValue(trace) { await work() } }
    }
}
