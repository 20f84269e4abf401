public import NIOCore

/// The bytes of one valid JSON value, kept as the sender wrote them, and read only when somebody asks.
public struct JSONText: Sendable {
    public enum Kind: Sendable, Hashable { case object, array, string, number, boolean, null }

    /// Exactly the value: no white space around it.
    public let bytes: ByteBuffer
    public let kind: Kind

    init(bytes: ByteBuffer, kind: Kind) {
        self.bytes = bytes
        self.kind = kind
    }

    /// Checks and keeps any JSON value (an object, array, string, number, boolean or null).
    public init(validating bytes: ByteBuffer) throws(JSONError) {
        fatalError("unwritten")
    }

    /// The text of a string, escapes resolved; `nil` for any other kind.
    public var string: String? { fatalError("unwritten") }
    /// A number that is a whole number in the range of `Int64` (`1`, `1.0` and `1e3` are; `1.5` is not).
    public var int64: Int64? { fatalError("unwritten") }
    /// Any number, as a double.
    public var double: Double? { fatalError("unwritten") }
    public var bool: Bool? { fatalError("unwritten") }
    public var isNull: Bool { kind == .null }
    public var object: JSONObject? { fatalError("unwritten") }
    public var array: [JSONText]? { fatalError("unwritten") }
}
