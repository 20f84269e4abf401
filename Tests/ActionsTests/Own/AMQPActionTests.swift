import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct AMQPActionTests {
    private let lease = RegistryAPI.ClientLease(
        grant: SessionGrant(appID: "p", clientToken: "secret", clientName: "bot"), leaseSeconds: 15)

    @Test("register_client answers who the program is now, its secret and its lease")
    func registers() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.registerClient, RegistryAPI.RegisterClient.self) { [lease] _ in lease }
        let answer = try await harness.perform(.registerClient, #"{"name":"bot"}"#)
        #expect(answer.data == #"{"app_id":"p","client_token":"secret","lease_seconds":15}"#)
        _ = try await harness.perform(.registerClient)
        _ = try await harness.perform(.registerClient, #"{"name":null}"#)
        let names = try harness.registry.questions(.registerClient, RegistryAPI.RegisterClient.self).map(\.name)
        #expect(names == ["bot", nil, nil])
    }

    @Test("a name that is no string is refused here, one that can be no name by the registry")
    func badNames() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.registerClient, RegistryAPI.RegisterClient.self) { wish -> RegistryAPI.ClientLease in
            throw RPC.Failure(.badRequest, "\(wish.name ?? "nil") is no name.")
        }
        let number = try await harness.perform(.registerClient, #"{"name":7}"#)
        #expect(number.retcode == 1400)
        #expect(number.message?.contains("`name`") == true)
        #expect(try await harness.perform(.registerClient, #"{"name":""}"#).message == " is no name.")
    }

    @Test("renew_client needs the client_token, and answers the lease")
    func renews() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.renewClient, RegistryAPI.RenewClient.self) { [lease] _ in lease }
        #expect(try await harness.perform(.renewClient, token: "secret").data == #"{"lease_seconds":15}"#)
        let questions = try harness.registry.questions(.renewClient, RegistryAPI.RenewClient.self)
        #expect(questions.map(\.clientToken) == ["secret"])
        #expect(try await harness.perform(.renewClient).retcode == 1401)
        #expect(try await harness.perform(.renewClient, token: "").retcode == 1401)
    }
}
