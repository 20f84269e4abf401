import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("DialTarget, RequestTarget and redaction")
struct DialTargetTests {
    @Test(
        "path and query go out as they are written",
        arguments: [
            ("ws://h", "/"), ("ws://h/", "/"), ("ws://h?x=1", "/?x=1"), ("ws://h#f", "/"), ("ws://h/a#f?x", "/a"),
            ("ws://h/onebot/v11/ws/", "/onebot/v11/ws/"),
            ("ws://h//a/../b/./%7e%41?q=%20+名&&=", "//a/../b/./%7e%41?q=%20+名&&="),
            ("ws://h/?a@b:c/d", "/?a@b:c/d"),
        ])
    func requestTarget(url: String, target: String) throws {
        #expect(try DialTarget(url).requestTarget == target)
    }

    @Test(
        "host, port and Host header",
        arguments: [
            ("ws://example.org/", "example.org", 80, "example.org"),
            ("wss://example.org", "example.org", 443, "example.org"),
            ("WS://example.org:80/", "example.org", 80, "example.org"), ("ws://h:443/", "h", 443, "h:443"),
            ("wss://h:80", "h", 80, "h:80"), ("ws://127.0.0.1:6700", "127.0.0.1", 6700, "127.0.0.1:6700"),
            ("ws://[::1]:6700/x", "::1", 6700, "[::1]:6700"), ("ws://[::1]", "::1", 80, "[::1]"),
            ("ws://bücher.example/", "bücher.example", 80, "bücher.example"), ("ws://u:p@h:1/", "h", 1, "h:1"),
            ("ws://h:/", "h", 80, "h"),
        ])
    func host(url: String, host: String, port: Int, header: String) throws {
        let target = try DialTarget(url)
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.hostHeader == header)
    }

    @Test("user and password are percent-decoded; an @ in them may stay as it is")
    func credentials() throws {
        #expect(try DialTarget("ws://h/").credentials == nil)
        #expect(try DialTarget("ws://u%40:p%3A@x@h/").credentials == Array("u@:p:@x".utf8))
    }

    @Test(
        "a URL that cannot be dialled says why and shows no secret",
        arguments: [
            ("", "begin with ws:// or wss://"), ("h:80", "begin with ws:// or wss://"),
            ("http://h/", "begin with ws:// or wss://"),
            ("ws://", "names no host"), ("ws:///path", "names no host"), ("ws://:80", "names no host"),
            ("ws://u:secret@", "names no host"),
            ("ws://[::1", "names no host"), ("ws://[::1]80", "names no host"), ("ws://h:0", "1 to 65535"),
            ("ws://h:65536", "1 to 65535"),
            ("ws://u:secret@h:x/", "1 to 65535"), ("ws://h:-1", "1 to 65535"), ("ws://h/a b", "space"),
            ("ws://h/\r\nX: y?access_token=secret", "control character"),
        ])
    func badURL(url: String, reason: String) {
        let error = #expect(throws: DialError.self) { try DialTarget(url) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test(
        "URLs are shown without user, password and token",
        arguments: [
            ("ws://h/a?x=1", "ws://h/a?x=1"), ("ws://user:secret@h:1/a@b", "ws://***@h:1/a@b"),
            ("ws://a:b@c@h/", "ws://***@h/"), ("ws://h/?access_token=secret&x=1", "ws://h/?access_token=***&x=1"),
            ("ws://h?x&access%5Ftoken=secret", "ws://h?x&access%5Ftoken=***"),
            ("ws://h/?client_token=s#f", "ws://h/?client_token=***"),
            ("ws://h/?Access_Token=", "ws://h/?Access_Token=***"), ("no url", "no url"),
        ])
    func redaction(url: String, shown: String) {
        #expect(URLRedaction.redacted(url) == shown)
        let errors: [DialError] = [
            .badURL(url, reason: "r"), .cannotConnect(url, reason: "r"), .refused(url, status: 401, body: "b"),
            .timedOut(url),
        ]
        for error in errors { #expect("\(error)".contains(shown)) }
    }

    @Test(
        "a request target falls into path and decoded query",
        arguments: [
            ("/", "/", [:]), ("", "/", [:]), ("/api/?a=1", "/api/", ["a": "1"]), ("?a", "/", ["a": ""]),
            ("/%41?n=%E5%90%8D%2B+%&e=", "/%41", ["n": "名+ %", "e": ""]),
            ("http://h:1/p?x=%zz", "/p", ["x": "%zz"]), ("ws://h", "/", [:]), ("/?&&a=1&", "/", ["a": "1"]),
            ("/?a=b=c", "/", ["a": "b=c"]), ("/?x=%FF", "/", ["x": "\u{FFFD}"]),
        ])
    func requestTargets(target: String, path: String, query: [String: String]) {
        let parsed = RequestTarget(target)
        #expect(parsed.path == path)
        #expect(Dictionary(parsed.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }) == query)
    }

    @Test(
        "Base64 as in RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }
}
