import Contracts
import Testing

@testable import Registry

@Suite struct IdentifyTests {
    private func world() throws -> (RegistryWorld, SessionGrant, SessionGrant) {
        var world = RegistryWorld()
        let first = try world.register(1, address: "127.0.0.1:5000")
        let second = try world.register(2, address: "[::ffff:192.0.2.7]:5000")
        return (world, first, second)
    }

    @Test("by token, else by app_id, else by address")
    func order() throws {
        let (world, first, second) = try world()
        func who(_ token: String?, _ appID: String?, _ address: String?) throws -> String {
            try world.state.identify(RegistryAPI.Identify(clientToken: token, appID: appID, address: address)).appID
        }
        #expect(try who(second.clientToken, first.appID, "127.0.0.1") == second.appID)
        #expect(try who(nil, second.appID, "127.0.0.1") == second.appID)
        #expect(try who(nil, nil, "127.0.0.1") == first.appID)
        #expect(try who(nil, nil, "192.0.2.7") == second.appID)
        #expect(try who("", "", "::ffff:127.0.0.1") == first.appID)
    }

    @Test("a wrong token is not passed over, and whoever is not known hears what to send")
    func nobody() throws {
        var (world, first, _) = try world()
        let state = world.state
        #expect(failure { _ = try state.identify(.init(clientToken: "no", appID: first.appID)) }?.retcode == 1401)
        #expect(failure { _ = try state.identify(.init(appID: "no", address: "127.0.0.1")) }?.retcode == 1401)
        let refusal = failure { _ = try state.identify(.init(address: "198.51.100.1")) }
        #expect(refusal?.retcode == 1401)
        #expect(refusal?.message.contains("X-Client-Token") == true)
        #expect(failure { _ = try state.identify(.init()) }?.retcode == 1401)
        _ = try world.register(3, address: "127.0.0.1:6000")
        #expect(failure { _ = try world.state.identify(.init(address: "127.0.0.1")) }?.retcode == 1401)
    }

    @Test("a client that left is not calling")
    func left() throws {
        var world = RegistryWorld()
        let grant = try world.register(1, resume: 60)
        try world.report(.full, sessions: [RegistryWorld.claim(1, resume: 60, granted: grant)])
        try world.report(.change, left: [1])
        #expect(failure { _ = try world.state.identify(.init(clientToken: grant.clientToken)) }?.retcode == 1401)
    }
}
