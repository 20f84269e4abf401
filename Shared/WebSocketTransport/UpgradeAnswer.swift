import NIOCore
import NIOHTTP1

/// How an HTTP request at a WebSocket port is to be answered, as far as the request alone tells (RFC 6455 §4.2.1).
enum UpgradeAnswer {
    /// It asks for a WebSocket, correctly.
    case upgrade
    case refuse(HTTPRefusal)

    init(to head: HTTPRequestHead) {
        guard Self.hasToken("websocket", in: head.headers["Upgrade"]),
            Self.hasToken("upgrade", in: head.headers["Connection"])
        else {
            self = .refuse(
                HTTPRefusal(
                    .upgradeRequired, "This port speaks WebSocket only. Connect with a WebSocket client.",
                    headers: ["Upgrade": "websocket"]))
            return
        }
        guard head.method == .GET, head.version == .http1_1 else {
            self = .refuse(HTTPRefusal(.badRequest, "A WebSocket is opened with GET and HTTP/1.1."))
            return
        }
        guard head.headers["Content-Length"].allSatisfy({ $0 == "0" }),
            !head.headers.contains(name: "Transfer-Encoding")
        else {
            self = .refuse(HTTPRefusal(.badRequest, "A request that opens a WebSocket has no body."))
            return
        }
        guard head.headers["Sec-WebSocket-Version"] == ["13"] else {
            self = .refuse(
                HTTPRefusal(
                    .upgradeRequired, "Only version 13 of the WebSocket protocol is spoken here.",
                    headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"]))
            return
        }
        guard head.headers["Sec-WebSocket-Key"].count == 1 else {
            self = .refuse(HTTPRefusal(.badRequest, "The header Sec-WebSocket-Key must be given once."))
            return
        }
        self = .upgrade
    }

    /// Whether a comma-separated list holds the word. Only spaces are trimmed: no more lenient than the HTTP parser, which decides
    /// for itself whether it sees an upgrade.
    private static func hasToken(_ token: String, in values: [String]) -> Bool {
        values.contains { value in
            value.split(separator: ",").contains { part in
                let trimmed = part.drop { $0 == " " }
                let end = trimmed.lastIndex { $0 != " " }.map(trimmed.index(after:)) ?? trimmed.startIndex
                return trimmed[..<end].lowercased() == token
            }
        }
    }
}
