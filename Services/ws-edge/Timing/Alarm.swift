import NIOCore
import Synchronization

/// A wait that somebody else may cut short.
final class Alarm: Sendable {
    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    private struct State {
        var waiter: EventLoopPromise<Void>?
        /// Rung while nobody waited: the next wait ends at once.
        var isRinging = false
    }

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Waits that long, or until ``ring()``, or until the task is cancelled.
    func wait(for duration: Duration) async {
        let promise = eventLoop.makePromise(of: Void.self)
        let rings = state.withLock { state in
            state.waiter = promise
            defer { state.isRinging = false }
            return state.isRinging
        }
        let timer = eventLoop.scheduleTask(in: TimeAmount(rings ? .zero : duration)) { self.end(promise) }
        await withTaskCancellationHandler {
            // `try?`: the promise only ever succeeds.
            try? await promise.futureResult.get()
        } onCancel: {
            end(promise)
        }
        timer.cancel()
    }

    func ring() {
        let waiter = state.withLock { state in
            state.isRinging = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.succeed()
    }

    /// Whoever takes the promise out completes it: once.
    private func end(_ promise: EventLoopPromise<Void>) {
        let isOurs = state.withLock { state in
            guard state.waiter?.futureResult === promise.futureResult else { return false }
            state.waiter = nil
            return true
        }
        if isOurs { promise.succeed() }
    }
}
