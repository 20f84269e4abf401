import NIOHTTP1
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("What a client asks for when it connects")
struct ClientUpgradeTests {
    func request(
        _ path: String = "/", _ query: [(String, String)] = [], _ headers: HTTPHeaders = [:]
    ) -> UpgradeRequest {
        UpgradeRequest(
            path: path, query: query.map { (name: $0.0, value: $0.1) }, headers: headers, remoteAddress: "127.0.0.1:1")
    }

    @Test(
        "the path says the role",
        arguments: [
            ("/", ClientRole.universal), ("/ws", .universal), ("/onebot/v11/ws", .universal), ("/api", .api),
            ("/api/", .api),
            ("/event", .event), ("/event/", .event), ("/events", .universal), ("/API", .universal),
        ])
    func role(path: String, role: ClientRole) throws {
        #expect(try ClientUpgrade(request(path), accessToken: nil).role == role)
    }

    @Test("the bot is named by the query, else by the header, else it is the default one")
    func binding() throws {
        #expect(try ClientUpgrade(request(), accessToken: nil).binding == .defaultBot)
        #expect(try ClientUpgrade(request("/", [("self_id", "7")]), accessToken: nil).binding == .bot(SelfID(7)))
        #expect(try ClientUpgrade(request("/", [], ["X-Self-ID": "8"]), accessToken: nil).binding == .bot(SelfID(8)))
        #expect(
            try ClientUpgrade(request("/", [("self_id", "*")], ["X-Self-ID": "8"]), accessToken: nil).binding
                == .everyBot)
    }

    @Test("the priority is a number from 0 to 9, or not said")
    func priority() throws {
        #expect(try ClientUpgrade(request(), accessToken: nil).priority == nil)
        #expect(try ClientUpgrade(request("/", [("priority", "9")]), accessToken: nil).priority == 9)
        #expect(try ClientUpgrade(request("/", [("priority", "0")]), accessToken: nil).priority == 0)
    }

    @Test(
        "what cannot be read is refused with 400",
        arguments: [
            ("self_id", "abc"), ("self_id", ""), ("resume", "0"), ("resume", "x"), ("resume", "86401"),
            ("client_status", "some"), ("priority", "10"), ("priority", "-1"), ("priority", ""),
            ("group", ""), ("group", "a b"), ("group", "a.b"), ("group", "é"),
            ("group", String(repeating: "a", count: 49)),
        ])
    func refused(name: String, value: String) {
        #expect {
            try ClientUpgrade(request("/", [(name, value)]), accessToken: nil)
        } throws: { error in
            (error as? ClientUpgrade.Refusal)?.status == .badRequest
        }
    }

    @Test("a group is a word of at most 48 characters; without one there is none")
    func group() throws {
        #expect(try ClientUpgrade(request(), accessToken: nil).group == nil)
        for name in ["workers", "A-z_09", String(repeating: "a", count: 48)] {
            #expect(try ClientUpgrade(request("/", [("group", name)]), accessToken: nil).group == name)
        }
    }

    @Test("a missing token is 401, a wrong one 403, the right one passes in all its forms")
    func token() throws {
        let token = AccessToken("s3cret")
        #expect(throws: ClientUpgrade.Refusal.self) { try ClientUpgrade(request(), accessToken: token) }
        #expect { try ClientUpgrade(request(), accessToken: token) } throws: {
            ($0 as? ClientUpgrade.Refusal)?.status == .unauthorized
        }
        #expect { try ClientUpgrade(request("/", [("access_token", "no")]), accessToken: token) } throws: {
            ($0 as? ClientUpgrade.Refusal)?.status == .forbidden
        }
        for value in ["Bearer s3cret", "Token s3cret", "s3cret"] {
            _ = try ClientUpgrade(request("/", [], ["Authorization": value]), accessToken: token)
        }
        _ = try ClientUpgrade(request("/", [("access_token", "s3cret")]), accessToken: token)
    }

    @Test("a refusal never repeats the secret")
    func secret() {
        let upgrade = request("/", [("access_token", "wr0ng")])
        #expect {
            try ClientUpgrade(upgrade, accessToken: AccessToken("s3cret"))
        } throws: { error in
            let text = (error as? ClientUpgrade.Refusal)?.message ?? ""
            return !text.isEmpty && !text.contains("s3cret") && !text.contains("wr0ng")
        }
    }
}
