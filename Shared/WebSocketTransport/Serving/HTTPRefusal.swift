import NIOHTTP1

/// An HTTP answer that ends the connection without a WebSocket.
struct HTTPRefusal {
    let status: HTTPResponseStatus
    /// A JSON object.
    let body: String
    var headers: HTTPHeaders

    init(status: HTTPResponseStatus, body: String, headers: HTTPHeaders) {
        self.status = status
        self.body = body
        self.headers = headers
    }

    /// Our own refusals, in the envelope that all our answers have (docs/contract.md §1).
    /// - Parameter message: must not contain anything that JSON escapes.
    init(_ status: HTTPResponseStatus, _ message: String, headers: HTTPHeaders = [:]) {
        self.init(
            status: status,
            body: #"{"status":"failed","retcode":1400,"data":null,"msg":"\#(message)","wording":"\#(message)"}"#,
            headers: headers)
    }

    /// The complete head, with its headers.
    var head: HTTPResponseHead {
        var headers = headers
        headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        headers.replaceOrAdd(name: "Content-Length", value: String(body.utf8.count))
        headers.replaceOrAdd(name: "Connection", value: "close")
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }
}
