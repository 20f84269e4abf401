import NIOHTTP1
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("BotListener")
struct BotListenerTests {
    private func request(
        _ path: String, _ headers: HTTPHeaders = [:], query: [(name: String, value: String)] = []
    ) -> UpgradeRequest {
        UpgradeRequest(path: path, query: query, headers: headers, remoteAddress: "127.0.0.1:5")
    }

    private func status(_ decision: UpgradeDecision?) -> UInt? {
        switch decision {
        case .accept: 101
        case .reject(let status, _, _): status.code
        case nil: nil
        }
    }

    @Test("a bot comes to /bot, or names itself and its role anywhere")
    func whoIsABot() {
        let listener = BotListener(token: nil)
        #expect(status(listener.decide(request("/bot"))) == 101)
        #expect(status(listener.decide(request("/bot/"))) == 101)
        #expect(status(listener.decide(request("/x", ["x-self-id": "1", "x-client-role": "API"]))) == 101)
        #expect(listener.decide(request("/x", ["X-Self-ID": "1"])) == nil)
        #expect(listener.decide(request("/x", ["X-Client-Role": "Universal"])) == nil)
        #expect(listener.decide(request("/")) == nil)
        #expect(listener.decide(request("/bots")) == nil)
    }

    @Test("without its token a bot gets 401, with a wrong one 403, as a OneBot response")
    func tokens() throws {
        let listener = BotListener(token: AccessToken("secret"))
        #expect(status(listener.decide(request("/bot"))) == 401)
        #expect(status(listener.decide(request("/bot", ["Authorization": "Bearer wrong"]))) == 403)
        #expect(status(listener.decide(request("/bot", ["Authorization": "Bearer secret"]))) == 101)
        #expect(status(listener.decide(request("/bot", ["Authorization": "secret"]))) == 101)
        #expect(status(listener.decide(request("/bot", query: [("access_token", "secret")]))) == 101)
        guard case .reject(_, let body, let headers) = listener.decide(request("/bot")) else {
            Issue.record("accepted")
            return
        }
        #expect(body.hasPrefix(#"{"status":"failed","retcode":1401,"data":null,"msg":"#))
        #expect(!body.contains("secret"))
        #expect(headers["Content-Type"] == ["application/json"])
    }

    @Test("without a token no web page poses as a bot; with one the token decides")
    func webPages() {
        let foreign: [HTTPHeaders] = [
            ["Host": "127.0.0.1:6700", "Origin": "https://evil.example"], ["Host": "evil.example:6700"],
            ["Host": "127.0.0.1:6700", "Sec-Fetch-Site": "cross-site"],
        ]
        for headers in foreign {
            #expect(status(BotListener(token: nil).decide(request("/bot", headers))) == 403)
            var headers = headers
            headers.add(name: "Authorization", value: "Bearer secret")
            #expect(status(BotListener(token: AccessToken("secret")).decide(request("/bot", headers))) == 101)
        }
        let own: HTTPHeaders = ["Host": "perpetua:6700", "Origin": "http://perpetua:6700"]
        #expect(status(BotListener(token: nil).decide(request("/bot", own))) == 101)
    }

    @Test("a bad X-Self-ID is refused", arguments: ["abc", "", "0", "-5", "+1", "1.0", "99999999999999999999"])
    func badSelfID(id: String) {
        #expect(status(BotListener(token: nil).decide(request("/bot", ["X-Self-ID": id]))) == 400)
    }

    @Test("a role is read whatever its case; an unknown one is refused")
    func roles() throws {
        for (text, role) in [("universal", ClientRole.universal), ("API", .api), ("api", .api), ("EVENT", .event)] {
            let introduction = try BotListener.introduction(request("/bot", ["X-Self-ID": "5", "X-Client-Role": text]))
            #expect(introduction == .init(selfID: SelfID(5), role: role))
        }
        #expect(status(BotListener(token: nil).decide(request("/bot", ["X-Client-Role": "Boss"]))) == 400)
        #expect(try BotListener.introduction(request("/bot")) == .init(selfID: nil, role: .universal))
    }
}
