import NIOCore
import Synchronization

/// A piece of work that someone waits for, as a task of an event loop, in order with the loop's other tasks.
///
/// An event loop that has shut down drops its tasks without a word, and its futures never end. Nothing runs on such a
/// loop any more, so any thread will do: the work is done where the task is dropped, and nobody waits for ever.
final class EventLoopTurn: Sendable {
    private let work: @Sendable () -> Void
    private let waiting: CheckedContinuation<Void, Never>
    private let isDone = Atomic(false)

    private init(_ work: @escaping @Sendable () -> Void, _ waiting: CheckedContinuation<Void, Never>) {
        self.work = work
        self.waiting = waiting
    }

    deinit { run() }

    static func run(on eventLoop: any EventLoop, _ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let turn = EventLoopTurn(work, continuation)
            eventLoop.execute { turn.run() }
        }
    }

    private func run() {
        if isDone.exchange(true, ordering: .acquiringAndReleasing) { return }
        work()
        waiting.resume()
    }
}
