/// Secrets that are part of a value which may otherwise be shown: `ws://user:password@host`, `?access_token=…`,
/// `--token …`. When in doubt, it hides too much.
enum SecretsInText {
    private static let words = ["token", "secret", "password", "passwd"]

    static func hide(_ text: String) -> String {
        var nextIsSecret = false
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map { part -> String in
            defer { nextIsSecret = part.hasPrefix("-") && !part.contains("=") && namesSecret(part) }
            return nextIsSecret && !part.isEmpty ? "***" : hide(inWord: String(part))
        }
        return parts.joined(separator: " ")
    }

    private static func hide(inWord word: String) -> String {
        var word = word
        if let at = word.lastIndex(of: "@") {
            let schemeEnd = word.firstRange(of: "://")?.upperBound ?? word.startIndex
            let end = schemeEnd <= at ? schemeEnd : word.startIndex
            word.replaceSubrange(end..<at, with: "***")
        }
        return hideParameters(in: word)
    }

    /// `name=value` after `?`, `&`, `;`, `,` or at the start, where the name suggests a secret.
    private static func hideParameters(in word: String) -> String {
        var result = ""
        var rest = Substring(word)
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals]
            let after = rest[rest.index(after: equals)...]
            let end = after.firstIndex { "&;,#".contains($0) } ?? after.endIndex
            let isSecret = namesSecret(name.split { "?&;,#".contains($0) }.last ?? name)
            result += name + "=" + (isSecret && end > after.startIndex ? "***" : String(after[..<end]))
            rest = after[end...]
        }
        return result + rest
    }

    private static func namesSecret(_ name: some StringProtocol) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }
}
