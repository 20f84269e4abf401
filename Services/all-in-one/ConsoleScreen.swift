/// The first thing one sees: what runs, and what to do with it.
struct ConsoleScreen: Sendable {
    let configuration: ConsoleConfiguration
    let ports: ListeningPorts.Both
    let isColored: Bool

    var text: String {
        let body = configuration.simulatesBot ? trying : serving
        return "\n" + body.map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined() + "\n"
    }

    /// For somebody who tries Perpetua out: addresses to paste, calls to try.
    private var trying: [String] {
        let connect = [
            ("NoneBot", "ONEBOT_WS_URLS='[\"\(edge)\"]'", "in .env, with DRIVER=~websockets"),
            ("Koishi", "endpoint: \(edge)", "adapter-onebot, protocol ws"),
            ("others", edge, "OneBot 11, forward WebSocket"),
            ("a bot", "\(edge)bot", "OneBot 11, reverse WebSocket"),
        ]
        let calls = [
            ("who is connected", curl(call("get_online_clients")), ""),
            ("a port for one program", curl(call("get_ws_port")), ""),
            ("say it in a group", curl("\(call("send_group_msg"))?group_id=30001&message=hello"), ""),
            ("restart the bot", curl("\(call("set_restart"))?delay=1000"), ""),
        ]
        let answer = #"{"client":{"client_name":"weather"},"data":"thanks"}"#
        let callsOfProgram = [
            ("give it a name", curl("\(call("set_client_name"))?name=weather"), ""),
            ("tell all the others", curl("\(call("send_broadcast_data"))?data=hello"), ""),
            ("answer a broadcast", curl(call("send_broadcast_data_callback"), json: answer), ""),
        ]
        let parts = [
            [strong("Perpetua \(configuration.version) is running, with a simulated bot.")],
            [strong("Connect a program")] + rows(connect),
            [strong("Look in a browser"), "  \(call("get_online_clients"))"],
            [strong("Call")] + tokenHint + rows(calls),
            [strong("Call for the program that is connected") + dim("  (while there is one)")] + rows(callsOfProgram),
            [strong("What happens") + dim("  (Ctrl-C stops)")],
        ]
        return Array(parts.joined(separator: [""]))
    }

    /// For a process that is to do real work: where everything is, and what it waits for.
    private var serving: [String] {
        let bots =
            configuration.botURLs.isEmpty
            ? [("bot", "waiting for one at \(edge)bot", "or set bots[0].url")]
            : configuration.botURLs.map { ("bot", $0, "") }
        return [strong("Perpetua \(configuration.version) is running.")]
            + rows([("programs", edge, "OneBot 11, WebSocket"), ("HTTP", call("get_online_clients"), "")] + bots)
    }

    private var tokenHint: [String] {
        configuration.asksForToken ? [dim("  with your access_token in $TOKEN")] : []
    }

    private var edge: String { "ws://\(Self.reachable(configuration.edgeHost)):\(ports.edge)/" }
    private var http: String { "http://\(Self.reachable(configuration.apiHost)):\(ports.api)/" }
    private func call(_ action: String) -> String { "\(http)api/\(action)" }

    private func curl(_ url: String, json: String? = nil) -> String {
        let token = configuration.asksForToken ? #" -H "Authorization: Bearer $TOKEN""# : ""
        let body = json.map { " -H 'Content-Type: application/json' -d '\($0)'" } ?? ""
        return "curl\(token)\(body) '\(url)'"
    }

    private func rows(_ rows: [(String, String, String)]) -> [String] {
        let widths = (rows.map(\.0.count).max() ?? 0, rows.filter { !$0.2.isEmpty }.map(\.1.count).max() ?? 0)
        return rows.map { label, value, note in
            let start = "  \(dim(Self.padded(label, widths.0)))  "
            return note.isEmpty ? start + value : "\(start)\(Self.padded(value, widths.1))  \(dim(note))"
        }
    }

    /// The host to write in a URL: loopback for a listener on all addresses, and IPv6 in brackets.
    static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0", "::", "": "127.0.0.1"
        case _ where host.contains(":"): "[\(host)]"
        default: host
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func strong(_ text: String) -> String { isColored ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    private func dim(_ text: String) -> String { isColored ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
}
