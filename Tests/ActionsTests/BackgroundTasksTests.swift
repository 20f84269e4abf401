import Observability
import Synchronization
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct BackgroundTasksTests {
    @Test("what is spawned runs, also what was spawned before there was an owner")
    func runs() async throws {
        let tasks = BackgroundTasks()
        let done = Mutex(0)
        let count: @Sendable () async -> Void = { done.withLock { $0 += 1 } }
        tasks.spawn(count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tasks.run() }
            tasks.spawn(count)
            try await eventually("both ran", read: { done.withLock { $0 } }, until: { $0 == 2 })
            group.cancelAll()
        }
    }

    @Test("what is spawned belongs to the chain of work of whoever spawned it")
    func chain() async throws {
        let tasks = BackgroundTasks()
        let (traces, trace) = AsyncStream.makeStream(of: TraceParent?.self)
        let own = TraceParent.make()
        await withTaskGroup(of: Void.self) { group in
            TraceParent.$current.withValue(own) { tasks.spawn { trace.yield(TraceParent.current) } }
            group.addTask { await tasks.run() }
            var iterator = traces.makeAsyncIterator()
            #expect(await iterator.next() == .some(own))
            tasks.spawn { trace.yield(TraceParent.current) }
            #expect(await iterator.next() == .some(nil))
            group.cancelAll()
        }
    }

    @Test("with its owner, what still runs is cancelled")
    func cancels() async throws {
        let tasks = BackgroundTasks()
        let (events, event) = AsyncStream.makeStream(of: String.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await tasks.run() }
            tasks.spawn {
                event.yield("began")
                try? await Task.sleep(for: .seconds(3600))  // cancelled: that is what is tested
                event.yield(Task.isCancelled ? "cancelled" : "woke up")
            }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "began")
            group.cancelAll()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test("over the limit work is dropped")
    func bound() async throws {
        let tasks = BackgroundTasks(limit: 2)
        let done = Mutex([Int]())
        for number in 1...3 { tasks.spawn { done.withLock { $0.append(number) } } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tasks.run() }
            try await eventually("the first two ran", read: { done.withLock { $0.sorted() } }, until: { $0 == [1, 2] })
            tasks.spawn { done.withLock { $0.append(4) } }
            try await eventually("there is room again", read: { done.withLock { $0 } }, until: { $0.contains(4) })
            group.cancelAll()
        }
        #expect(!done.withLock { $0.contains(3) })
    }
}
