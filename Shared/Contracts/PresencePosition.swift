/// How far the registry had come: whatever anybody was told before this was given is in every replica that has reached it.
public struct PresencePosition: Sendable, Hashable, Comparable, Codable {
    public var registryEpoch: UInt64
    /// The last change.
    public var sequence: UInt64

    public init(registryEpoch: UInt64, sequence: UInt64) {
        self.registryEpoch = registryEpoch
        self.sequence = sequence
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.registryEpoch, left.sequence) < (right.registryEpoch, right.sequence)
    }

    enum CodingKeys: String, CodingKey {
        case sequence
        case registryEpoch = "registry_epoch"
    }
}
