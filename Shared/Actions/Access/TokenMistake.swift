import OneBot

/// What went wrong with a token, on its way to us, that was then not accepted.
///
/// Only a caller who has shown a whole, valid token, in the wrong way, is told so. Everybody else is told only what may
/// happen to any token (``perhapsNotEncoded``).
public enum TokenMistake: Sendable, Hashable {
    /// It stands in the URL as it is.
    case notEncoded
    case encodedTwice
    /// It stands in `Authorization` as it would in a URL.
    case encodedInHeader
    /// The `?` before it is missing.
    case inPath
    /// It came in a URL, where some characters do not arrive.
    case perhapsNotEncoded

    /// What to do about it.
    public var remedy: String {
        switch self {
        case .notEncoded:
            "It is right, but must be percent-encoded in a URL: \(Self.characters). Or send it as Authorization: "
                + "Bearer TOKEN."
        case .encodedTwice: "It is right, but percent-encoded twice: once is enough."
        case .encodedInHeader:
            "It is right, but percent-encoded, which only a URL needs: send it in Authorization as it is."
        case .inPath: "access_token= stands in the path: write /?access_token=TOKEN."
        case .perhapsNotEncoded: "In a URL it must be percent-encoded: \(Self.characters)."
        }
    }

    private static let characters = "%2B for +, %26 for &, %23 for #, %25 for %"
}

extension AccessTokens {
    /// What may have gone wrong with a token that was not accepted; `nil` where nothing is known.
    /// - Parameter target: path and query as they were written.
    public func mistake(authorization: String?, target: String) -> TokenMistake? {
        let bytes = Array(target.utf8)
        let question = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let query = bytes[question...].dropFirst()
        let shown = Self.shown(in: query)
        let value = shown?.prefix { $0 != UInt8(ascii: "&") } ?? []
        let decodedTwice = Self.decoded(Self.decoded(value))
        let decodedHeader = Self.decoded(AccessToken.carried(inAuthorization: authorization ?? "").utf8)
        var mistake: TokenMistake?
        // Every token is compared in every way, so that the time taken reveals nothing.
        for token in tokens {
            if token.stands(at: shown ?? []) { mistake = .notEncoded }
            if token.matches(decodedTwice) { mistake = mistake ?? .encodedTwice }
            if token.matches(decodedHeader) { mistake = mistake ?? .encodedInHeader }
        }
        if let mistake { return mistake }
        if shown != nil { return .perhapsNotEncoded }
        return bytes[..<question].firstRange(of: Self.name) == nil ? nil : .inPath
    }

    private static let name = Array("access_token=".utf8)

    /// What stands behind the first `access_token=`.
    private static func shown(in query: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = query
        while !rest.isEmpty {
            if rest.starts(with: name) { return rest.dropFirst(name.count) }
            rest = rest.drop { $0 != UInt8(ascii: "&") }.dropFirst()
        }
        return nil
    }

    /// `%41` is `A`; what is no escape stays.
    private static func decoded(_ text: some Collection<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                decoded.append(UInt8(digits[0] << 4 | digits[1]))
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}
