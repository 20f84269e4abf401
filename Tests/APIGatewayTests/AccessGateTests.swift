import OneBot
import Testing

@testable import APIGateway

@Suite struct AccessGateTests {
    private let gate = AccessGate(token: AccessToken("s3cret"), opensDiscovery: false)

    private func retcode(
        _ gate: AccessGate, _ path: String = "/send_msg", isGET: Bool = true, authorization: String? = nil,
        query: String? = nil
    ) -> RetCode? {
        gate.refusal(GatewayPath(path), isGET: isGET, authorization: authorization, query: query)?.retcode
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
        let gate = AccessGate(token: AccessToken("s3cret"), opensDiscovery: true)
        for path in ["/api/get_ws_port", "/get_online_clients"] {
            #expect(retcode(gate, path) == nil)
            #expect(retcode(gate, path, isGET: false) == .unauthorized)
        }
        #expect(retcode(gate, "/api/set_client_name") == .unauthorized)
        #expect(retcode(gate, "/get_status") == .unauthorized)
    }

    @Test("no message holds the token")
    func secret() {
        for authorization in [nil, "Bearer wrong"] {
            let message = gate.refusal(.unknown, isGET: true, authorization: authorization, query: nil)?.message
            #expect(message?.contains("s3cret") == false)
        }
    }
}
