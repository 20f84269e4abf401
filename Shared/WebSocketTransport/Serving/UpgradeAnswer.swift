import NIOCore
import NIOHTTP1

/// How an HTTP request at a WebSocket port is to be answered, judged by the request alone (RFC 6455 §4.2.1).
enum UpgradeAnswer {
    /// It asks for a WebSocket, correctly.
    case upgrade
    case refuse(HTTPRefusal)

    /// - Parameter advice: where a client that wants no WebSocket should go; must not contain anything that JSON
    ///   escapes.
    init(to head: HTTPRequestHead, advice: String) {
        // A proxy drops the headers of an upgrade that it understands, but not the key, which it does not.
        let isHandshake = head.headers.contains(name: "Sec-WebSocket-Key")
        guard Self.hasToken("websocket", in: head.headers["Upgrade"]),
            Self.hasToken("upgrade", in: head.headers["Connection"])
        else {
            let message = isHandshake ? Self.proxied : "This port speaks WebSocket only. \(advice)"
            self = .refuse(HTTPRefusal(.upgradeRequired, message, headers: ["Upgrade": "websocket"]))
            return
        }
        guard head.version == .http1_1 || !isHandshake else {
            self = .refuse(HTTPRefusal(.upgradeRequired, Self.proxied, headers: ["Upgrade": "websocket"]))
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

    private static let proxied =
        "This is a WebSocket handshake that a proxy in between has spoilt: it speaks HTTP/1.0, or drops the headers "
        + "Upgrade and Connection. Have it speak HTTP/1.1 and pass these on; docs/operating.md, Behind a reverse "
        + "proxy, has its settings."

    /// Whether a comma-separated list holds the word. Only spaces are trimmed: this must not be more lenient than the
    /// HTTP parser, which decides for itself whether it sees an upgrade.
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
