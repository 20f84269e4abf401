import Actions
import NIOCore
import Observability
import OneBot

/// One client's actions of ours: carried out one after another, in the order it asked for them.
///
/// An action that asks the registry may wait for it some seconds, in vain. The actions behind it that would ask as well
/// have then waited long enough: they share its answer, so that nobody waits longer than two such questions.
struct OwnActions {
    /// A question that fails as unavailable after this long got no answer; a refusal comes sooner.
    static let silence = TimeAmount.seconds(1)

    struct Job: Sendable {
        enum Answer: Sendable {
            /// A response on the connection, with that echo.
            case frame(ByteBuffer?)
            /// The gateway asked in the client's name.
            case callback(@Sendable (Response) -> Void)
        }

        let own: OwnAction
        let action: Action
        let answer: Answer
        let began = NIODeadline.now()
        /// The trace of the task that makes the job: for a request over HTTP, the request's.
        let trace = TraceParent.currentOrNew

        /// The name it asks for.
        var newName: String? { own.renamesCaller ? action.params?["name"]?.string : nil }
    }

    private var waiting: [Job] = []
    private var isBusy = false
    private var startedAt = NIODeadline.now()

    /// How many jobs are not answered yet, those that came over HTTP included.
    private(set) var count = 0

    mutating func append(_ job: Job) {
        waiting.append(job)
        count += 1
    }

    /// The job to carry out now; `nil` while another one is, or none waits.
    mutating func next(at now: NIODeadline) -> Job? {
        guard !isBusy, !waiting.isEmpty else { return nil }
        let job = waiting.removeFirst()
        isBusy = true
        startedAt = now
        return job
    }

    /// The job at work has ended with that response.
    /// - Returns: every job that is to be answered, and how: this one, and perhaps some of those behind it, which were
    ///   not begun.
    mutating func finished(
        _ job: Job, _ response: Response, at now: NIODeadline
    ) -> [(job: Job, response: Response)] {
        isBusy = false
        var answered = [(job: job, response: response)]
        if job.own.onlyAsksRegistry, response.retcode == .unavailable, now - startedAt >= Self.silence {
            let unasked = Response.failed(.unavailable(.no()), response.message ?? "")
            answered += waiting.filter(\.own.onlyAsksRegistry).map { ($0, unasked) }
            waiting.removeAll(where: \.own.onlyAsksRegistry)
        }
        count -= answered.count
        return answered
    }

    /// The client is gone: callers that wait at a gateway are told so.
    mutating func clear() {
        for job in waiting {
            if case .callback(let answer) = job.answer {
                answer(.failed(.notFound, "The client went offline before \(job.own.name) was carried out."))
            }
        }
        waiting.removeAll()
    }
}
