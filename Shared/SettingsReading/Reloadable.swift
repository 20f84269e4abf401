import Synchronization

/// A value that may be replaced while it is in use: every reader gets the one in force. Code that needs it twice for
/// one decision must read it once.
///
/// `Settings.reloadable(_:)` makes those that follow the settings when they are read again.
public final class Reloadable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    public init(_ value: Value) {
        current = Mutex(value)
    }

    public var value: Value { current.withLock { $0 } }

    public func replace(with value: Value) {
        current.withLock { $0 = value }
    }
}

/// Settings that may change while the process runs. Values read by ``reloadable(_:check:)`` follow the settings; all
/// others need a restart.
extension Settings {
    /// The outcome of reading settings once more.
    public enum Adoption: Sendable, Hashable {
        /// Something is wrong with them, so everything stays as it was.
        case refused([Problem])
        /// - changed: the keys of settings that are in force from now on.
        /// - pending: the keys of settings that have also changed, but need a restart.
        case adopted(changed: [String], pending: [String])
    }

    /// A value read from these settings now, and from those given to ``adopt(_:)`` later.
    /// - Parameters:
    ///   - read: reads it; mistakes are recorded as ever.
    ///   - check: gets the value in force and the one to replace it, and reports to the newer settings any change that
    ///     needs a restart.
    public func reloadable<Value: Sendable>(
        _ read: @escaping @Sendable (Settings) -> Value,
        check: @escaping @Sendable (_ current: Value, _ next: Value, _ newer: Settings) -> Void = { _, _, _ in }
    ) -> Reloadable<Value> {
        let box = Reloadable(Self.$readsReloadable.withValue(true) { read(self) })
        followers.withLock { followers in
            followers.append { newer in
                let value = Self.$readsReloadable.withValue(true) { read(newer) }
                check(box.value, value, newer)
                return { box.replace(with: value) }
            }
        }
        return box
    }

    /// Takes over everything that may change while the process runs, or nothing where anything is wrong.
    /// - Parameter newer: the settings as they are now. Every part of the process must have read them, so that unknown
    ///   keys are found.
    public func adopt(_ newer: Settings) -> Adoption {
        let replacements = followers.withLock { $0 }.map { $0(newer) }
        let problems = newer.problems
        guard problems.isEmpty else { return .refused(problems) }
        for replace in replacements { replace() }
        let read = newer.ledger.withLock { $0 }
        return ledger.withLock { $0.adopt(read) }
    }
}
