import NIOCore

/// A host and, where it is given, a port: as `Host` has them (RFC 9110 §7.2), and an origin (RFC 6454 §7).
struct WebHost: Sendable, Hashable {
    /// In small letters and without the dot at its end; an IPv6 address without brackets, in its shortest form.
    let name: String
    let isAddress: Bool
    let port: Int?

    /// `nil` where the text is not a host: no web page can make a browser send that.
    init?(_ text: some StringProtocol) {
        let text = text.lowercased()[...]
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard let address = Self.address(host, .inet6) else { return nil }
            (name, isAddress) = (address, true)
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            rest = text[colon...]
            if let address = Self.address(host, .inet) {
                (name, isAddress) = (address, true)
            } else {
                guard let found = Self.domain(host) else { return nil }
                (name, isAddress) = (found, false)
            }
        }
        if rest.isEmpty {
            port = nil
        } else {
            guard rest.first == ":", rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(rest.dropFirst())
            else { return nil }
            port = Int(number)
        }
    }

    /// `localhost`, what is under `.localhost`, 127.0.0.0/8 and `::1`.
    var isLoopback: Bool {
        isAddress
            ? name.hasPrefix("127.") || name == "::1" || name.hasPrefix("::ffff:127.")
            : name == "localhost" || name.hasSuffix(".localhost")
    }

    private static func address(_ text: Substring, _ family: NIOBSDSocket.ProtocolFamily) -> String? {
        // What is no address is a name, or nothing.
        guard let address = try? SocketAddress(ipAddress: String(text), port: 0), address.protocol == family else {
            return nil
        }
        return address.ipAddress
    }

    /// Labels of letters, digits, `-` and `_` between dots, none of them empty; one dot at the end does not count.
    private static func domain(_ text: Substring) -> String? {
        let name = text.last == "." ? text.dropLast() : text
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isDomain = labels.allSatisfy { label in
            !label.isEmpty
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        return isDomain ? String(name) : nil
    }
}
