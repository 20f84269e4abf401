import Contracts
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct SetClientNameTests {
    @Test("the registry is asked for the caller's name, as it was written")
    func asks() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.setClientName, RegistryAPI.SetName.self) { _ in RPC.Empty() }
        let answer = try await harness.perform(.setClientName, #"{"name":" e\u0301 "}"#, as: harness.caller("me"))
        #expect(answer.status == .ok)
        #expect(answer.data == "null")
        let asked = try harness.registry.questions(.setClientName, RegistryAPI.SetName.self)
        #expect(asked.map(\.appID) == ["me"])
        #expect(asked.map { Array($0.name.unicodeScalars.map(\.value)) } == [[0x20, 0x65, 0x301, 0x20]])
    }

    @Test("a name that is taken is the registry's 1409")
    func taken() async throws {
        let harness = try await ActionsHarness()
        harness.registry.answer(.setClientName, RegistryAPI.SetName.self) { _ -> RPC.Empty in
            throw RPC.Failure(.conflict, "taken by a1")
        }
        let answer = try await harness.perform(.setClientName, #"{"name":"Ann"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1409)
        #expect(answer.message == "taken by a1")
    }

    @Test(
        "a name that is none is 1400 and never reaches the registry",
        arguments: [
            ("{}", "missing"), (#"{"name":null}"#, "missing"), (#"{"name":5}"#, "the number 5"),
            (#"{"name":""}"#, "an empty string"), (#"{"name":" \t "}"#, "`name` is"),
            (#"{"name":"a\u0007"}"#, "control"),
            (#"{"name":["a"]}"#, "an array"),
        ])
    func mistakes(_ params: String, _ part: String) async throws {
        let harness = try await ActionsHarness()
        let answer = try await harness.perform(.setClientName, params, as: harness.caller("me"))
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains(part) == true, "\(answer.message ?? "")")
        #expect(answer.message?.contains("`name`") == true)
        #expect(try harness.registry.questions(.setClientName, RegistryAPI.SetName.self).isEmpty)
    }

    @Test("a name of 257 characters is 1400")
    func tooLong() async throws {
        let harness = try await ActionsHarness()
        let name = String(repeating: "n", count: 257)
        let answer = try await harness.perform(.setClientName, #"{"name":"\#(name)"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains("257 characters") == true)
    }

    @Test("without a registry it is 1503 at once")
    func registryAway() async throws {
        let harness = try await ActionsHarness()
        await harness.registry.close()
        let answer = try await harness.perform(.setClientName, #"{"name":"Ann"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1503)
        #expect(answer["retry_after_ms"] != nil)
    }

    @Test("without a caller it is 1401")
    func noCaller() async throws {
        let harness = try await ActionsHarness()
        #expect(try await harness.perform(.setClientName, #"{"name":"Ann"}"#, as: nil).retcode == 1401)
    }
}
