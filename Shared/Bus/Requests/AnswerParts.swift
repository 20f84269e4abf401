public import NIOCore
import Synchronization

/// The answers to one question that may have several, in their order, for one reader. Bounded in bytes and age, since a
/// slow reader never holds up the sender.
public final class AnswerParts: Sendable {
    public enum Step: Sendable {
        /// Others follow.
        case part(Message)
        case last(Message)
        /// There is no (further) answer.
        case failed(MessageBusError)
        /// The reader was too slow: what waited was dropped, and so is the rest.
        case fellBehind
    }

    private struct State {
        var waiting = CircularBuffer<(part: Message, since: NIODeadline)>()
        var bytes = 0
        /// The last step, after all that waits.
        var end: Step?
        var reader: CheckedContinuation<Step, Never>?
    }

    private let maxBytes: Int
    private let maxAge: TimeAmount
    private let state = Mutex(State())

    /// - Parameters:
    ///   - maxBytes: how many bytes may wait for the reader; a single part may be larger.
    ///   - maxAge: how long a part may wait for the reader while others come.
    public init(maxBytes: Int, maxAge: TimeAmount) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
    }

    /// The next answer, waiting for it. Nothing comes after a step that is not a ``Step/part(_:)``. Cancelling the task
    /// ends the wait.
    public func next() async -> Step {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let step = state.withLock { state in
                    let step = Self.take(from: &state)
                    if step == nil { state.reader = continuation }
                    return step
                }
                if let step {
                    continuation.resume(returning: step)
                } else if Task.isCancelled {
                    end(with: .failed(.closed))
                }
            }
        } onCancel: {
            end(with: .failed(.closed))
        }
    }

    /// False where the reader wants no more.
    func add(_ part: Message, at now: NIODeadline) -> Bool {
        let (isWanted, reader) = state.withLock { state in
            if state.end != nil { return (false, nil as CheckedContinuation<Step, Never>?) }
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            state.waiting.append((part, now))
            state.bytes += part.body.readableBytes
            let isLate = state.waiting.first.map { now - $0.since > maxAge } ?? false
            guard isLate || (state.bytes > maxBytes && state.waiting.count > 1) else { return (true, nil) }
            state.waiting.removeAll()
            state.bytes = 0
            state.end = .fellBehind
            return (false, nil)
        }
        reader?.resume(returning: .part(part))
        return isWanted
    }

    func end(with step: Step) {
        let reader = state.withLock { state in
            guard state.end == nil else { return nil as CheckedContinuation<Step, Never>? }
            state.end = step
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: step)
    }

    private static func take(from state: inout State) -> Step? {
        guard let next = state.waiting.popFirst() else { return state.end }
        state.bytes -= next.part.body.readableBytes
        return .part(next.part)
    }
}
