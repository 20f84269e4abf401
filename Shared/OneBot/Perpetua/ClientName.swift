/// A client's name: 1 to 256 Unicode scalars, no control characters, not only white space.
/// Two names are the same if their bytes are: `String` would call "é" and "e" + U+0301 equal.
public struct ClientName: Hashable, Sendable {
    public let text: String

    public enum Problem: Error, Sendable, Hashable {
        case empty, blank
        case tooLong(scalars: Int)
        case controlCharacter
    }

    public init(_ text: String) throws(Problem) { fatalError("unwritten") }

    public static func == (left: ClientName, right: ClientName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
