import NIOCore

/// Whether the process has run out of descriptors, as its listeners find when they accept.
struct DescriptorShortage: Sendable {
    /// The shortage is over after this long without a failure. A listener that pauses tries again well before.
    static let calm = TimeAmount.seconds(2)

    private var last: NIODeadline?

    /// A connection could not be accepted.
    /// - Returns: whether that is news.
    mutating func failed(at now: NIODeadline) -> Bool {
        defer { last = now }
        return !isOn(at: now)
    }

    /// One was accepted.
    /// - Returns: whether a shortage is over by that, for the first time since.
    mutating func accepted(at now: NIODeadline) -> Bool {
        guard last != nil, !isOn(at: now) else { return false }
        last = nil
        return true
    }

    func isOn(at now: NIODeadline) -> Bool { last.map { now - $0 < Self.calm } ?? false }
}
