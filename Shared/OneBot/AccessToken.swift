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

    /// Looks at `Authorization` (`Bearer T`, `Token T` or the bare `T`) and at `?access_token=`; one right one is enough.
    /// Compared in constant time.
    public func verdict(authorization: String?, query: String?) -> Verdict { fatalError("unwritten") }

    /// The token in an `Authorization` header's value: `Bearer T`, `Token T` (any case) or the bare `T`.
    public static func carried(inAuthorization value: String) -> String { fatalError("unwritten") }

    /// Whether two secrets are the same, in time that does not depend on where they differ.
    public static func areEqual(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        fatalError("unwritten")
    }
}

extension AccessToken: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    public var description: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
