import Contracts
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct GetWSPortTests {
    private let grant = RegistryAPI.PortGrant(
        port: 8100, host: "h.example", url: "ws://h.example:8100/", appID: "a", clientToken: "secret", expiresIn: 15
    )

    @Test("the grant is answered as the contract has it")
    func grants() async throws {
        let harness = try await ActionsHarness()
        let grant = grant
        harness.registry.answer(.leasePort, RegistryAPI.LeasePort.self) { _ in grant }
        let answer = try await harness.perform(.getWSPort)
        #expect(
            answer.data
                == #"{"port":8100,"host":"h.example","url":"ws://h.example:8100/","app_id":"a","client_token":"secret""#
                + #","expires_in":15}"#)
    }

    @Test(
        "bot and edge are passed on where they are given",
        arguments: [
            (#"{"self_id":10001,"edge":"e1"}"#, 10001, "e1"), (#"{"self_id":"10001"}"#, 10001, nil),
            (#"{"self_id":null,"edge":null}"#, nil, nil), (#"{"self_id":"","edge":""}"#, nil, nil),
        ] as [(String, Int64?, String?)])
    func wishes(_ params: String, _ bot: Int64?, _ edge: String?) async throws {
        let harness = try await ActionsHarness()
        let grant = grant
        harness.registry.answer(.leasePort, RegistryAPI.LeasePort.self) { _ in grant }
        #expect(try await harness.perform(.getWSPort, params).status == .ok)
        let asked = try harness.registry.questions(.leasePort, RegistryAPI.LeasePort.self)
        #expect(asked.map(\.selfID) == [bot.map { SelfID($0) }])
        #expect(asked.map(\.edgeID) == [edge])
    }

    @Test(
        "a bot or edge of the wrong type is 1400",
        arguments: [#"{"self_id":"ten"}"#, #"{"self_id":1.5}"#, #"{"self_id":{}}"#, #"{"edge":5}"#])
    func mistakes(_ params: String) async throws {
        let harness = try await ActionsHarness()
        #expect(try await harness.perform(.getWSPort, params).retcode == 1400)
    }

    @Test("no free port is the registry's 1503")
    func exhausted() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.leasePort, RegistryAPI.LeasePort.self) { _ -> RegistryAPI.PortGrant in
            throw RPC.Failure(.unavailable(.no(retryAfter: .seconds(2))), "No port is free.")
        }
        let answer = try await harness.perform(.getWSPort)
        #expect(answer.retcode == 1503)
        #expect(answer.data == #"{"carried_out":"no","retry_after_ms":2000}"#)
    }

    @Test("the list of clients comes from the registry, in the shape that is set")
    func onlineClients() async throws {
        let harness = try await ActionsHarness()
        harness.registry.snapshot.clients = [.fixture("a", at: harness.near)]
        #expect(try await harness.perform(.getOnlineClients)["clients"]?.array?.count == 1)
        var dispatcher = harness.dispatcher
        dispatcher.onlineClientsShape = .array
        let bare = try Answer(await dispatcher.perform(.getOnlineClients, params: nil, as: nil))
        #expect(bare.json.array?.count == 1)
        await harness.registry.close()
        #expect(try await harness.perform(.getOnlineClients).retcode == 1503)
    }
}
