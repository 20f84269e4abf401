/// The secret that speaks for one client: 192 random bits, safe in a URL.
///
/// Tokens are looked up by a hash whose key is new in every process, and compared only with the one token of that hash:
/// how long that takes says nothing about another token.
struct ClientToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let text: String

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let length = 32
    private static let maxLength = 256

    /// A new one, of 32 characters with 6 bits each.
    static func fresh(using generator: inout some RandomNumberGenerator) -> ClientToken {
        let characters = (0..<length).map { _ in alphabet[Int(generator.next(upperBound: UInt(alphabet.count)))] }
        return ClientToken(trusted: String(decoding: characters, as: UTF8.self))
    }

    private init(trusted text: String) {
        self.text = text
    }

    /// One that was presented; `nil` where it cannot be one.
    init?(_ text: String) {
        guard (1...Self.maxLength).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    static func == (left: ClientToken, right: ClientToken) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Never the secret.
    var description: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
