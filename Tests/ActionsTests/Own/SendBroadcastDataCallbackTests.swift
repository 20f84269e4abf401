import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct SendBroadcastDataCallbackTests {
    @Test("a name means who has it now, not who had it here a moment ago")
    func renamed() async throws {
        let harness = try await ActionsHarness()
        let edges = (harness.near, harness.far)
        harness.online([.fixture("a", named: "n", at: edges.0), .fixture("b", at: edges.1, session: 2)])
        let changes = [("a", "other", edges.0), ("b", "n", edges.1)].enumerated().map { index, client in
            PresenceChange(
                kind: .clientRenamed, registryEpoch: 1, sequence: UInt64(index + 2), edge: client.2,
                clients: [.fixture(client.0, named: client.1, at: client.2, session: UInt64(index + 1))])
        }
        harness.registry.answer(.position, RPC.Empty.self) { _ in
            Task { for change in changes { _ = harness.presence.apply(change) } }
            return PresencePosition(registryEpoch: 1, sequence: 3)
        }
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"client_name":"n"},"data":"x","uuid":"u"}"#,
            as: harness.caller("me"))
        #expect(answer.status == .ok)
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.callback).map(\.targets) == [["b"]])
    }

    private func harness() async throws -> ActionsHarness {
        let harness = try await ActionsHarness()
        harness.online([
            .fixture("me", named: "Me", at: harness.near), .fixture("a", named: "Ann", at: harness.far, session: 2),
            .fixture("api", role: .api, at: harness.far, session: 3),
        ])
        return harness
    }

    @Test(
        "the sender of the broadcast gets it, with the uuid given",
        arguments: [
            #"{"client":{"app_id":"a"},"data":"x","uuid":"u-1"}"#,
            #"{"client":{"app_id":"a","client_name":"an older name"},"data":"x","uuid":"u-1"}"#,
            #"{"client":{"app_id":null,"client_name":"Ann"},"data":"x","uuid":"u-1"}"#,
            #"{"client":"{\"app_id\":\"a\"}","data":"x","uuid":"u-1"}"#,
        ])
    func delivers(_ params: String) async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, params, as: harness.caller("me", named: "Me"))
        #expect(answer.status == .ok)
        #expect(answer.data == "null")
        let messages = try await harness.farInbox.distributed(on: harness.exchanges.callback)
        #expect(messages.map(\.targets) == [["a"]])
        #expect(messages.first?.uuid == "u-1")
        #expect(messages.first?.sender == Client(appID: "me", clientName: "Me"))
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.broadcast, atLeast: 0).isEmpty)
    }

    @Test("a program on AMQP is called back by its own key; one that bound no queue is 1404")
    func onAMQP() async throws {
        let harness = try await ActionsHarness()
        let program = try await BusResponder.client("p", at: harness.broker)
        harness.online([.fixture("me", at: harness.near), .onAMQP("p", named: "Prog"), .onAMQP("deaf")])
        let done = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"client_name":"Prog"},"data":"x","uuid":"u"}"#,
            as: harness.caller("me"))
        #expect(done.status == .ok)
        #expect(try await program.distributed(on: harness.exchanges.callback).map(\.uuid) == ["u"])
        let missed = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"deaf"},"data":"x","uuid":"u"}"#,
            as: harness.caller("me"))
        #expect(missed.retcode == 1404)
    }

    @Test("without a uuid the most recent broadcast from that client is meant", arguments: ["", #","uuid":null"#])
    func latest(_ uuid: String) async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"client_name":"Ann"},"data":"x"\#(uuid)}"#,
            as: harness.caller("me", latest: ["a": "u-9", "b": "u-8"]))
        #expect(answer.status == .ok)
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.callback).map(\.uuid) == ["u-9"])
    }

    @Test("without a uuid and without a broadcast it is 1404")
    func noBroadcast() async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"a"},"data":"x"}"#,
            as: harness.caller("me", latest: ["b": "u-8"]))
        #expect(answer.retcode == 1404)
        #expect(answer.message?.contains("uuid") == true)
    }

    @Test("a uuid of 128 characters passes unchecked")
    func longUUID() async throws {
        let harness = try await harness()
        let uuid = String(repeating: "é", count: 128)
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"a"},"data":"x","uuid":"\#(uuid)"}"#,
            as: harness.caller("me"))
        #expect(answer.status == .ok)
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.callback).map(\.uuid) == [uuid])
    }

    @Test("a client that is not online, or gets no events, is 1404", arguments: ["gone", "api"])
    func offline(_ appID: String) async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"\#(appID)"},"data":"x","uuid":"u"}"#,
            as: harness.caller("me"))
        #expect(answer.retcode == 1404)
    }

    @Test("a client that names nobody is 1404")
    func neither() async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{},"data":"x","uuid":"u"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1404)
    }

    @Test("a client whose edge has vanished is 1404")
    func vanishedEdge() async throws {
        let harness = try await harness()
        await harness.farInbox.close()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"a"},"data":"x","uuid":"u"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1404)
    }

    @Test(
        "parameters that are missing or wrong are 1400 and named",
        arguments: [
            (#"{"data":"x"}"#, "`client` is missing"), (#"{"client":null,"data":"x"}"#, "`client` is missing"),
            (#"{"client":"a","data":"x"}"#, "`client` is a string"),
            (#"{"client":[],"data":"x"}"#, "`client` is an array"),
            (#"{"client":{"app_id":"a"}}"#, "`data` is missing"),
            (#"{"client":{"app_id":"a"},"data":true}"#, "`data` is a boolean"),
            (#"{"client":{"app_id":"a"},"data":"x","uuid":""}"#, "`uuid` is an empty string"),
            (#"{"client":{"app_id":"a"},"data":"x","uuid":7}"#, "`uuid` is the number 7"),
        ])
    func mistakes(_ params: String, _ part: String) async throws {
        let harness = try await harness()
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, params, as: harness.caller("me", latest: ["a": "u"]))
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains(part) == true, "\(answer.message ?? "")")
    }

    @Test("a uuid of 129 characters is 1400")
    func tooLong() async throws {
        let harness = try await harness()
        let uuid = String(repeating: "u", count: 129)
        let answer = try await harness.perform(
            .sendBroadcastDataCallback, #"{"client":{"app_id":"a"},"data":"x","uuid":"\#(uuid)"}"#,
            as: harness.caller("me"))
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains("129 characters") == true)
    }
}
