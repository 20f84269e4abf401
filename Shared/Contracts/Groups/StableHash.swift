/// A hash that is the same in every process, of any version: FNV-1a over the bytes, and SplitMix64's last step, which
/// spreads it over all bits. `Hasher` has a seed for each process.
public struct StableHash: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    public static func hash(_ text: String) -> UInt64 {
        var hash = StableHash()
        hash.add(text)
        return hash.value
    }

    /// Adds a text and its end, so that `ab`, `c` and `a`, `bc` differ.
    public mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(0xff)  // in no UTF-8
    }

    public var value: UInt64 {
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
