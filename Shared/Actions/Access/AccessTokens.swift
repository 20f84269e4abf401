public import OneBot

/// The tokens that open the doors of edge and gateway, each with its scope: `access_token`, which may do everything,
/// and those of `tokens[]`.
public struct AccessTokens: Sendable {
    struct Entry: Sendable {
        let token: AccessToken
        let scope: TokenScope
    }

    private let entries: [Entry]

    /// Without entries, nobody is asked for a token.
    init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// One token that may do everything; `nil`: none is asked for.
    public init(everythingFor token: AccessToken?) {
        self.init(token.map { [Entry(token: $0, scope: .everything)] } ?? [])
    }

    public static let none = AccessTokens([])

    var tokens: some Sequence<AccessToken> { entries.lazy.map(\.token) }

    public var isEmpty: Bool { entries.isEmpty }

    public enum Verdict: Sendable, Hashable {
        case accepted(TokenScope)
        /// None was given: 401.
        case missing
        /// A wrong one was given: 403.
        case wrong
    }

    /// Takes the token from where ``AccessToken/verdict(authorization:query:)`` does. Every token is compared, even
    /// after one has matched, so that the time taken reveals nothing. Where several match, the first one counts.
    public func verdict(authorization: String?, query: String?) -> Verdict {
        if entries.isEmpty { return .accepted(.everything) }
        var scope: TokenScope?
        var isGiven = false
        for entry in entries {
            switch entry.token.verdict(authorization: authorization, query: query) {
            case .accepted:
                scope = scope ?? entry.scope
                isGiven = true
            case .wrong: isGiven = true
            case .missing: break
            }
        }
        return scope.map(Verdict.accepted) ?? (isGiven ? .wrong : .missing)
    }
}
