public import NIOCore

/// A JSON object as its bytes and the ranges of its top-level members: read a member, or replace, insert or remove one,
/// and every other byte stays what the sender wrote.
public struct JSONObject: Sendable {
    public let bytes: ByteBuffer

    /// Checks the whole text (RFC 8259) in one pass. White space around the object is allowed and kept.
    public init(_ bytes: ByteBuffer) throws(JSONError) {
        fatalError("unwritten")
    }

    /// The member of that name; of duplicates the last one, as most parsers have it. Keys are compared byte for byte
    /// after escapes are resolved.
    public subscript(key: String) -> JSONText? { fatalError("unwritten") }

    /// The names of the members, in order, duplicates included.
    public var keys: [String] { fatalError("unwritten") }

    /// The same text without any member of that name (all duplicates go).
    public func removing(_ key: String) -> ByteBuffer { fatalError("unwritten") }

    /// The same text with that member's value replaced (of duplicates the last is replaced and the others go), or with
    /// the member appended as the last one where there was none. `value` must be valid JSON.
    public func setting(_ key: String, to value: ByteBuffer) -> ByteBuffer { fatalError("unwritten") }
}
