import Actions
import NIOCore
import Observability
import OneBot

/// One client's actions of ours: carried out one after another, in the order it asked for them.
struct OwnActions {
    struct Job: Sendable {
        enum Answer: Sendable {
            /// A response on the connection, with that echo.
            case frame(ByteBuffer?)
            /// The gateway asked in the client's name.
            case callback(@Sendable (Response) -> Void)
        }

        let name: ActionDispatcher.Name
        let action: Action
        let answer: Answer
        let began = NIODeadline.now()
        /// Of the task it is made in, where that works for a request over HTTP.
        let trace = TraceParent.currentOrNew
    }

    private var waiting: CircularBuffer<Job> = CircularBuffer()
    private var isBusy = false

    /// Those of the connection itself; what came over HTTP is bounded there.
    private(set) var count = 0

    mutating func append(_ job: Job) {
        waiting.append(job)
        count += 1
    }

    /// The job to carry out now; `nil` while another one is, or none waits.
    mutating func next() -> Job? {
        guard !isBusy, let job = waiting.popFirst() else { return nil }
        isBusy = true
        return job
    }

    mutating func finished() {
        isBusy = false
        count -= 1
    }

    /// The client is gone: whoever waits elsewhere is told so.
    mutating func clear() {
        for job in waiting {
            if case .callback(let answer) = job.answer {
                answer(.failed(.notFound, "The client went offline before \(job.name.rawValue) was carried out."))
            }
        }
        waiting.removeAll()
    }
}
