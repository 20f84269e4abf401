/// A client's name: 1 to 256 Unicode scalars, no control characters, not only white space.
/// Two names are the same if their bytes are: `String` would call "é" and "e" + U+0301 equal.
public struct ClientName: Hashable, Sendable {
    /// The longest a name may be, in Unicode scalars.
    public static let maximumScalars = 256

    public let text: String

    public enum Problem: Error, Sendable, Hashable {
        case empty, blank
        case tooLong(scalars: Int)
        case controlCharacter
    }

    /// A control character is one of Unicode's category Cc; white space is what Unicode calls so.
    public init(_ text: String) throws(Problem) {
        let scalars = text.unicodeScalars
        if scalars.isEmpty { throw .empty }
        if scalars.count > Self.maximumScalars { throw .tooLong(scalars: scalars.count) }
        if scalars.contains(where: { $0.properties.generalCategory == .control }) { throw .controlCharacter }
        if scalars.allSatisfy(\.properties.isWhitespace) { throw .blank }
        self.text = text
    }

    public static func == (left: ClientName, right: ClientName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
