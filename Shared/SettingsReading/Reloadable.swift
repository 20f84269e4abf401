import Synchronization

/// A value that may be replaced while it is in use: each who asks gets the one in force. Whoever needs it twice for one decision asks once.
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
