import NIOCore

/// The address without the port, in one spelling, so that two of the same machine are equal: an IPv4 address carried in
/// IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
struct HostAddress: Sendable, Hashable, CustomStringConvertible {
    let text: String

    /// `nil` where it is no IP address. Reads `192.0.2.1`, `192.0.2.1:80`, `::1`, `[::1]`, `[::1]:80`.
    init?(_ written: String) {
        let host: Substring
        if written.hasPrefix("["), let end = written.firstIndex(of: "]") {
            host = written[written.index(after: written.startIndex)..<end]
        } else if let parsed = Self.canonical(written[...]) {
            text = parsed
            return
        } else if let colon = written.lastIndex(of: ":") {
            host = written[..<colon]
        } else {
            host = written[...]
        }
        guard let parsed = Self.canonical(host) else { return nil }
        text = parsed
    }

    var description: String { text }

    private static func canonical(_ host: Substring) -> String? {
        let bare = host.prefix { $0 != "%" }  // a zone names our interface, not the other's machine
        guard let address = try? SocketAddress(ipAddress: String(bare), port: 0),  // `nil`: no IP address
            let text = address.ipAddress
        else { return nil }
        let mapped = "::ffff:"
        if text.hasPrefix(mapped), text.contains(".") { return String(text.dropFirst(mapped.count)) }
        return text
    }
}
