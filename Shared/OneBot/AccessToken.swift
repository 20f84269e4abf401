/// A secret that opens a door: how it is carried, and compared.
public struct AccessToken: Sendable {
    private let secret: [UInt8]

    /// `nil` for an empty text: no token is asked for.
    public init?(_ text: String?) {
        guard let text, !text.isEmpty else { return nil }
        secret = Array(text.utf8)
    }

    public enum Verdict: Sendable, Hashable {
        case accepted
        /// None was given: 401.
        case missing
        /// A wrong one was given: 403.
        case wrong
    }

    /// Looks at `Authorization` (`Bearer T`, `Token T` or the bare `T`) and at `?access_token=`; one valid token is
    /// enough. An empty one counts as none. Compared in constant time.
    public func verdict(authorization: String?, query: String?) -> Verdict {
        var isGiven = false
        var isRight = false
        // The whole header value is looked at, too, for a bare secret that itself begins with `Token `.
        for candidate in [authorization.map(Self.carried(inAuthorization:)), authorization, query] {
            guard let candidate, !candidate.isEmpty else { continue }
            isGiven = true
            if Self.areEqual(candidate.utf8, secret) { isRight = true }
        }
        return isRight ? .accepted : isGiven ? .wrong : .missing
    }

    /// The token in an `Authorization` header's value: `Bearer T`, `Token T` (any case) or the bare `T`. White space
    /// around it is not part of it.
    public static func carried(inAuthorization value: String) -> String {
        let bytes = trimmed(value.utf8[...])
        for scheme in ["bearer", "token"] {
            let word = bytes.prefix(scheme.utf8.count)
            let rest = bytes[word.endIndex...]
            guard let next = rest.first, isWhiteSpace(next),
                word.elementsEqual(scheme.utf8, by: { $0 | 0x20 == $1 })
            else { continue }
            return String(Substring(trimmed(rest)))
        }
        return String(Substring(bytes))
    }

    /// Whether that is the secret. Compared in constant time.
    public func matches(_ bytes: some Sequence<UInt8>) -> Bool { Self.areEqual(bytes, secret) }

    /// Whether the text behind `access_token=` in a URL is the secret without percent-encoding, up to the end or an
    /// `&`. Compared in constant time, and true only where all of the secret is there.
    public func stands(at beginning: some Collection<UInt8>) -> Bool {
        let isShown = Self.areEqual(beginning.prefix(secret.count), secret)
        let next = beginning.dropFirst(secret.count).first
        return isShown && (next == nil || next == UInt8(ascii: "&"))
    }

    /// Whether two secrets are the same, in time that does not depend on where they differ.
    public static func areEqual(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        var left = left.makeIterator()
        var right = right.makeIterator()
        var difference: UInt8 = 0
        while true {
            let (one, other) = (left.next(), right.next())
            if one == nil, other == nil { return difference == 0 }
            difference |= (one ?? 0) ^ (other ?? 0)
            difference |= (one == nil) == (other == nil) ? 0 : 1
        }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let beginning = text.drop(while: isWhiteSpace)
        let end = beginning.lastIndex { !isWhiteSpace($0) }.map(beginning.index(after:))
        return beginning[..<(end ?? beginning.startIndex)]
    }
}

extension AccessToken: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    public var description: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
