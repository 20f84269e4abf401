public import NIOCore
public import NIOHTTP1

/// Opens WebSockets to servers (`ws://`, `wss://`).
public struct WebSocketDialer: Sendable {
    public init(options: WebSocketOptions) { fatalError("unwritten") }

    /// Connects, upgrades, and calls `accepted` on `eventLoop` before any frame is read; it must set the delegate.
    /// Path and query go out as written. A user in the URL becomes `Authorization: Basic` unless the header is given.
    public func connect(
        to url: String, headers: HTTPHeaders, on eventLoop: any EventLoop,
        accepted: @escaping @Sendable (WebSocketConnection) -> Void
    ) async throws(DialError) { fatalError("unwritten") }
}

/// Why a WebSocket could not be opened. Secrets in the URL are shown as `***`.
public enum DialError: Error, Sendable, CustomStringConvertible {
    case badURL(String, reason: String)
    case cannotConnect(String, reason: String)
    /// The server answered with something else than 101.
    case refused(String, status: Int, body: String)
    case timedOut(String)

    public var description: String { fatalError("unwritten") }
}
