import Synchronization

/// Runs the tasks that prefer it one step at a time, on the thread of the test, in an order that the test chooses.
final class SteppedExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    var isBusy: Bool { jobs.withLock { !$0.isEmpty } }

    /// Runs one of the tasks that are ready, up to where it next waits; false where none is ready.
    func step(choosing generator: inout some RandomNumberGenerator) -> Bool {
        let job = jobs.withLock { jobs in
            jobs.indices.randomElement(using: &generator).map { jobs.remove(at: $0) }
        }
        job?.runSynchronously(on: asUnownedTaskExecutor())
        return job != nil
    }
}
