import Synchronization

/// Whether the registry was waited for in vain a moment ago: then nobody waits for it again, for a while, who can do without.
final class RegistrySilence: Sendable {
    /// A question that took so long and failed was not answered; one that fails at once found nobody, and costs nothing.
    static let shortest = Duration.seconds(1)
    static let lasts = Duration.seconds(5)

    private let end = Mutex<ContinuousClock.Instant?>(nil)

    func isOn(at now: ContinuousClock.Instant) -> Bool {
        end.withLock { end in end.map { now < $0 } ?? false }
    }

    func answered() { end.withLock { $0 = nil } }

    /// A question failed that was asked then.
    func failed(askedAt asked: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        guard now - asked >= Self.shortest else { return }
        end.withLock { $0 = now + Self.lasts }
    }
}
