import Actions
import OneBot
import SettingsReading
import Testing

@testable import APIGateway

@Suite struct AccessGateTests {
    private let gate = AccessGate(token: "s3cret", opensDiscovery: false)

    private func retcode(
        _ gate: AccessGate, _ path: String = "/send_msg", isGET: Bool = true, authorization: String? = nil,
        query: String? = nil
    ) -> RetCode? {
        refusal(gate, GatewayPath(path), isGET: isGET, authorization: authorization, query: query)?.retcode
    }

    private func refusal(
        _ gate: AccessGate, _ path: GatewayPath, isGET: Bool = true, authorization: String? = nil, query: String? = nil
    ) -> Refusal? {
        do {
            _ = try gate.scope(path, isGET: isGET, authorization: authorization, query: query)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "the token opens in each of the forms clients send",
        arguments: ["Bearer s3cret", "Token s3cret", "s3cret", "bearer s3cret"])
    func forms(_ authorization: String) {
        #expect(retcode(gate, authorization: authorization) == nil)
    }

    @Test("the token opens in the query")
    func query() {
        #expect(retcode(gate, query: "a=1&access_token=s3cret") == nil)
    }

    @Test(
        "no token is 1401, a wrong one 1403, on every path",
        arguments: ["/api/get_ws_port", "/x", "/api/set_restart", "/nothing/here"])
    func refused(_ path: String) {
        #expect(retcode(gate, path) == .unauthorized)
        #expect(retcode(gate, path, authorization: "Bearer wrong") == .forbidden)
        #expect(retcode(gate, path, query: "access_token=wrong") == .forbidden)
        #expect(retcode(gate, path, query: "access_token=") == .unauthorized)
    }

    @Test("without a configured token everybody may come in")
    func open() {
        let gate = AccessGate(token: nil, opensDiscovery: false)
        #expect(retcode(gate) == nil)
        #expect(retcode(gate, authorization: "Bearer whatever") == nil)
    }

    @Test("with api.open_discovery the two GETs need no token, and nothing else is open")
    func discovery() {
        let gate = AccessGate(token: "s3cret", opensDiscovery: true)
        for path in ["/api/get_ws_port", "/get_online_clients"] {
            #expect(retcode(gate, path) == nil)
            #expect(retcode(gate, path, isGET: false) == .unauthorized)
        }
        #expect(retcode(gate, "/api/set_client_name") == .unauthorized)
        #expect(retcode(gate, "/get_status") == .unauthorized)
    }

    @Test("what api.open_discovery opens is closed to foreign web pages, and open to whoever shows a token")
    func discoveryAbroad() {
        let gate = AccessGate(token: "s3cret", opensDiscovery: true)
        let stranger = DoorPolicy.Visitor(hosts: ["bot.example.org"], origins: ["https://evil.example"])
        for (authorization, isRefused) in [(nil, true), ("Bearer wrong", true), ("Bearer s3cret", false)] {
            var message: String?
            do throws(Refusal) {
                _ = try gate.scope(
                    GatewayPath("/api/get_ws_port"), isGET: true, authorization: authorization, query: nil,
                    visitor: stranger)
            } catch {
                message = error.message
            }
            #expect((message != nil) == isRefused)
            if isRefused { #expect(message?.contains("allowed_hosts") == true) }
        }
    }

    @Test("no message holds the token")
    func secret() {
        for authorization in [nil, "Bearer wrong"] {
            let message = refusal(gate, .unknown, authorization: authorization)?.message
            #expect(message?.contains("s3cret") == false)
        }
    }

    @Test("a token's scope holds: which actions, and whether it is for HTTP at all")
    func scopes() throws {
        let settings = Settings(
            file: (
                "t.yaml",
                """
                tokens:
                  - {name: reader, token: r, actions: [get_*], self_ids: [7]}
                  - {name: socket, token: s, http: false}
                """
            ))
        let gate = AccessGate(tokens: AccessTokens.following(settings), opensDiscovery: false)
        #expect(settings.problems == [])
        #expect(retcode(gate, "/api/get_status", authorization: "r") == nil)
        #expect(retcode(gate, "/get_online_clients", authorization: "r") == nil)
        #expect(retcode(gate, "/metrics", authorization: "r") == nil)
        let sending = refusal(gate, GatewayPath("/send_msg"), isGET: false, authorization: "r")
        #expect(sending?.retcode == .forbidden)
        #expect(sending?.message.contains("send_msg") == true)
        #expect(sending?.message.contains("“reader”") == true)
        #expect(retcode(gate, "/api/set_client_name", authorization: "r") == .forbidden)
        for path in ["/get_status", "/metrics", "/api/get_ws_port"] {
            #expect(retcode(gate, path, authorization: "s") == .forbidden)
        }
        let scope = try gate.scope(.metrics, isGET: true, authorization: nil, query: "access_token=r")
        #expect(scope.bots == [SelfID(7)])
    }

    @Test("tokens that are replaced count from the next request on")
    func replaced() {
        let tokens = Reloadable(AccessTokens(everythingFor: AccessToken("old")))
        let gate = AccessGate(tokens: tokens, opensDiscovery: false)
        #expect(retcode(gate, authorization: "old") == nil)
        tokens.replace(with: AccessTokens(everythingFor: AccessToken("new")))
        #expect(retcode(gate, authorization: "old") == .forbidden)
        #expect(retcode(gate, authorization: "new") == nil)
    }
}

extension AccessGate {
    fileprivate init(token: String?, opensDiscovery: Bool) {
        self.init(
            tokens: Reloadable(AccessTokens(everythingFor: AccessToken(token))), opensDiscovery: opensDiscovery)
    }
}
