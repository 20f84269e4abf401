import Synchronization

/// Whether the registry was waited for in vain a moment ago. For a while after that, nobody who can do without its
/// answer waits for it again.
final class RegistrySilence: Sendable {
    /// A question that fails after this time or later was not answered. One that fails sooner found no registry, and
    /// costs nothing.
    static let shortest = Duration.seconds(1)
    static let lasts = Duration.seconds(5)

    private let end = Mutex<ContinuousClock.Instant?>(nil)

    func isOn(at now: ContinuousClock.Instant) -> Bool {
        end.withLock { end in end.map { now < $0 } ?? false }
    }

    func answered() { end.withLock { $0 = nil } }

    /// The question that was asked then has failed.
    func failed(askedAt asked: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        guard now - asked >= Self.shortest else { return }
        end.withLock { $0 = now + Self.lasts }
    }
}
