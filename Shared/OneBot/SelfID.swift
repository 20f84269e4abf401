/// The account number of a bot (`self_id` in OneBot 11), a signed 64-bit integer.
public struct SelfID: Hashable, Sendable, Comparable {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    /// Reads a decimal number, as it stands in `X-Self-ID`, `?self_id=` and routing keys; `nil` for anything else.
    ///
    /// Inlinable: every event's key is read with it, and without specialisation it costs five times as much.
    @inlinable
    public init?(decimal text: some StringProtocol) {
        guard text.utf8.first != UInt8(ascii: "+"), let number = Int64(text) else { return nil }
        self.init(number)
    }

    public static func < (left: SelfID, right: SelfID) -> Bool { left.number < right.number }
}

extension SelfID: CustomStringConvertible {
    public var description: String { String(number) }
}

extension SelfID: Codable {
    public init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
