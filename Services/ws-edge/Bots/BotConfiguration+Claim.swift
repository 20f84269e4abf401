import OneBot

/// Where an entry of `bots[]` is dialled, and the name of its claim: the same on every edge whose `bots[]` holds the entry, wherever in the
/// list it stands.
extension BotConfiguration {
    /// One address, or one for each of an API and Event pair; none for a bot that dials in.
    var addresses: [(url: String, role: ClientRole)] {
        if let url { return [(url, .universal)] }
        guard let apiURL, let eventURL else { return [] }
        return [(apiURL, .api), (eventURL, .event)]
    }

    var claimName: String {
        let urls = addresses.map(\.url)
        guard urls.isEmpty else { return Self.stableHash(urls.joined(separator: "\n")) }
        return Self.stableHash("command\n" + command.joined(separator: "\n"))
    }

    /// FNV-1a of 64 bits: `Hasher` gives every process other values. A URL may hold a secret, so it is no queue's name itself.
    static func stableHash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
