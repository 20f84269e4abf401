/// The name of an entry's claim: the same on every edge whose `bots[]` holds the entry, wherever in the list it stands.
extension BotConfiguration {
    var claimName: String {
        guard let url else { return Self.stableHash("command\n" + command.joined(separator: "\n")) }
        return Self.stableHash(url)
    }

    /// FNV-1a of 64 bits: `Hasher` gives every process other values. A URL may hold a secret, so it is no queue's name itself.
    static func stableHash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
