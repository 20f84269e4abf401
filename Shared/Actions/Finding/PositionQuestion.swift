import Contracts
import OneBot
import Synchronization

/// Asks the registry for its position, with one question for many callers. Those who come while a question is under way
/// share the next one, since theirs must be asked after they came.
final class PositionQuestion: Sendable {
    private typealias Answer = Result<PresencePosition, RPC.Failure>

    private enum Turn: Sendable {
        /// This caller is to ask, for these as well.
        case ask(for: [CheckedContinuation<Turn, Never>])
        case answered(Answer)
    }

    private let registry: RegistryClient
    private let silence = RegistrySilence()
    private let line = Mutex(QuestionLine<CheckedContinuation<Turn, Never>>())

    init(_ registry: RegistryClient) {
        self.registry = registry
    }

    /// - Throws: why there is no answer; at once where the registry was waited for in vain a moment ago.
    func ask() async throws(RPC.Failure) -> PresencePosition {
        guard !silence.isOn(at: .now) else { throw Self.isSilent }
        let turn = await withCheckedContinuation { us in
            if line.withLock({ $0.join(us) }) { us.resume(returning: .ask(for: [])) }
        }
        switch turn {
        case .answered(let answer): return try answer.get()
        case .ask(let others):
            let answer = await answer()
            for other in others { other.resume(returning: .answered(answer)) }
            if let next = line.withLock({ $0.ended() }) { next.first.resume(returning: .ask(for: next.others)) }
            return try answer.get()
        }
    }

    private func answer() async -> Answer {
        let asked = ContinuousClock.now
        // The callers before us may have waited in vain meanwhile.
        guard !silence.isOn(at: asked) else { return .failure(Self.isSilent) }
        do throws(RPC.Failure) {
            let position = try await registry.position()
            silence.answered()
            return .success(position)
        } catch {
            silence.failed(askedAt: asked, at: .now)
            return .failure(error)
        }
    }

    private static let isSilent = RPC.Failure(
        .unavailable(.no()), "The registry has not answered for a moment. Try again.")
}

/// The callers that wait while a question is under way. Their number is bounded: each waits for one answer at a time.
struct QuestionLine<Waiter> {
    private var isAsking = false
    private var waiting: [Waiter] = []

    /// - Returns: whether the waiter is to ask now; else it waits for its turn.
    mutating func join(_ waiter: Waiter) -> Bool {
        guard isAsking else {
            isAsking = true
            return true
        }
        waiting.append(waiter)
        return false
    }

    /// The question has ended.
    /// - Returns: who asks next, and for whom besides; `nil` where nobody waits.
    mutating func ended() -> (first: Waiter, others: [Waiter])? {
        guard let first = waiting.first else {
            isAsking = false
            return nil
        }
        defer { waiting = [] }
        return (first, Array(waiting.dropFirst()))
    }
}
