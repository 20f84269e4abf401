import Hummingbird
import OneBot

/// What a WebSocket handshake is told at the HTTP port, whatever its path: that it came to the wrong one, and which is
/// right. It is never taken for an action.
struct WebSocketElsewhere: Sendable {
    /// `edge.public_host`; `nil`: the host name by which the caller reached us.
    let publicHost: String?
    /// The edge's shared port: the one it listens on where it is in this process, else the one that is set; 0 where
    /// only the log tells it.
    let sharedPort: @Sendable () -> Int

    /// `nil` where it is no handshake.
    func refusal(of request: Request) -> Refusal? {
        let hasKey = request.headers[.secWebSocketKey] != nil
        let hasUpgrade = request.headers[values: .upgrade].contains { $0.lowercased().contains("websocket") }
        guard hasKey || hasUpgrade else { return nil }
        let port = sharedPort()
        let address =
            port == 0
            ? "edge.shared_port, which the log names" : "ws://\(host(of: request)):\(port)/ (edge.shared_port)"
        let proxy =
            hasUpgrade
            ? ""
            : " A proxy in between has dropped the headers Upgrade and Connection as well: docs/operating.md, Behind a "
                + "reverse proxy, has its settings."
        return Refusal(
            .badRequest,
            "This is a WebSocket handshake, and this port speaks HTTP only. The WebSocket is at \(address); "
                + "GET /api/get_ws_port answers with an address as well.\(proxy)")
    }

    /// The host as it is written in a URL.
    private func host(of request: Request) -> String {
        if let publicHost { return publicHost.contains(":") ? "[\(publicHost)]" : publicHost }
        let authority = request.head.authority ?? ""
        let host =
            authority.first == "["
            ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return host.isEmpty || host.utf8.count > 255 ? "127.0.0.1" : String(host)
    }
}
