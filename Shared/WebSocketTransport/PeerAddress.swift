import NIOCore

/// The peer's `address:port`, for people, and where a caller is identified by it.
enum PeerAddress {
    static func text(of channel: any Channel) -> String {
        guard let address = channel.remoteAddress, let host = address.ipAddress, let port = address.port else {
            return "unknown"
        }
        // An IPv4 peer at a socket that serves both families.
        if host.hasPrefix("::ffff:"), host.contains(".") { return "\(host.dropFirst(7)):\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
