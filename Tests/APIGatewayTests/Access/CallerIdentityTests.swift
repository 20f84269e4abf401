import Contracts
import Testing

@testable import APIGateway

@Suite struct CallerIdentityTests {
    private func question(
        token: String? = nil, appID: String? = nil, address: String? = "127.0.0.1", forwarded: Bool = false,
        _ policy: CallerIdentity.Policy = .init()
    ) throws(RPC.Failure) -> RegistryAPI.Identify {
        try CallerIdentity(clientToken: token, appID: appID, address: address, isForwarded: forwarded).question(policy)
    }

    @Test("the token counts before the app_id, the app_id before the address, and each is asked for alone")
    func order() throws {
        let token = try question(token: "t", appID: "a")
        #expect((token.clientToken, token.appID, token.address) == ("t", nil, nil))
        let appID = try question(appID: "a")
        #expect((appID.clientToken, appID.appID, appID.address) == (nil, "a", nil))
        let address = try question()
        #expect((address.clientToken, address.appID, address.address) == (nil, nil, "127.0.0.1"))
    }

    @Test("an empty token or app_id is none")
    func empty() throws {
        #expect(try question(token: "", appID: "").address == "127.0.0.1")
    }

    @Test(
        "an address counts on loopback and not through a proxy",
        arguments: [
            ("127.0.0.1", false, true), ("127.8.8.8", false, true), ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("127.0.0.1", true, false), ("::1", true, false), ("10.0.0.1", false, false), ("1270.0.0.1", false, false),
            ("fe80::1", false, false), (nil, false, false),
        ] as [(String?, Bool, Bool)])
    func loopback(_ address: String?, _ isForwarded: Bool, _ counts: Bool) {
        if counts {
            #expect(throws: Never.self) { try question(address: address, forwarded: isForwarded) }
        } else {
            let failure = #expect(throws: RPC.Failure.self) { try question(address: address, forwarded: isForwarded) }
            #expect(failure?.retcode == 1401)
            #expect(failure?.message.contains("X-Client-Token") == true)
            #expect(failure?.message.contains("X-Client-ID") == true)
        }
    }

    @Test("with api.identify_by_address any address counts")
    func byAddress() throws {
        let policy = CallerIdentity.Policy(identifiesByAddress: true)
        #expect(try question(address: "10.0.0.1", policy).address == "10.0.0.1")
        #expect(try question(address: "10.0.0.1", forwarded: true, policy).address == "10.0.0.1")
        #expect(throws: RPC.Failure.self) { try question(address: nil, policy) }
    }

    @Test("with api.require_client_token only the token counts")
    func tokenOnly() throws {
        let policy = CallerIdentity.Policy(requiresClientToken: true, identifiesByAddress: true)
        #expect(try question(token: "t", appID: "a", policy).clientToken == "t")
        let failure = #expect(throws: RPC.Failure.self) { try question(appID: "a", policy) }
        #expect(failure?.retcode == 1401)
        #expect(failure?.message.contains("X-Client-ID") == false)
        #expect(throws: RPC.Failure.self) { try question(policy) }
    }
}
