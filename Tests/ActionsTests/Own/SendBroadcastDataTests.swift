import Bus
import Contracts
import NIOCore
import Observability
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite(.timeLimit(.minutes(1))) struct SendBroadcastDataTests {
    @Test("without a list everyone else who receives events gets it, one message per edge")
    func everyone() async throws {
        let harness = try await ActionsHarness()
        harness.online([
            .fixture("me", at: harness.near, session: 1), .fixture("a", at: harness.near, session: 2),
            .fixture("b", role: .event, at: harness.far, session: 3), .fixture("c", at: harness.far, session: 4),
            .fixture("silent", role: .api, at: harness.far, session: 5),
        ])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"h\u00e9 \/"}"#, as: harness.caller("me", named: "Me"))
        #expect(answer.status == .ok)
        #expect(answer["targets"]?.int64 == 3)
        #expect(answer.offline == [])
        let near = try await harness.nearInbox.distributed(on: harness.exchanges.broadcast)
        let far = try await harness.farInbox.distributed(on: harness.exchanges.broadcast)
        #expect(near.map(\.targets) == [["a"]])
        #expect(far.map { $0.targets.sorted() } == [["b", "c"]])
        #expect(near.first?.sender == Client(appID: "me", clientName: "Me"))
        #expect(near.first.map { String(buffer: $0.data) } == #""h\u00e9 \/""#, "data passes as it was written")
        #expect(near.first?.uuid == answer["uuid"]?.string)
        #expect(far.first?.uuid == answer["uuid"]?.string)
    }

    @Test("it, and a callback, say which service publishes them, and keep the chain of work they belong to")
    func published() async throws {
        for service in [ServiceName.edge, .gateway] {
            let harness = try await ActionsHarness(of: service)
            harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.far, session: 2)])
            let trace = TraceParent.make()
            try await TraceParent.$current.withValue(trace) {
                _ = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
                _ = try await harness.perform(
                    .sendBroadcastDataCallback, #"{"client":{"app_id":"a"},"data":"y","uuid":"u"}"#,
                    as: harness.caller("me"))
            }
            for exchange in [harness.exchanges.broadcast, harness.exchanges.callback] {
                let message = try await harness.farInbox.delivery { $0.exchange == exchange.name }
                #expect(message.properties.appID == service.rawValue)
                #expect(message.properties.trace == trace)
                #expect(message.properties.headers["x-perpetua-version"] == "1")
            }
        }
    }

    @Test("a program on AMQP gets it by its own key; one that bound no queue is offline")
    func onAMQP() async throws {
        let harness = try await ActionsHarness()
        let program = try await BusResponder.client("p", at: harness.broker)
        harness.online([
            .fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2), .onAMQP("p"),
            .onAMQP("deaf", named: "Deaf"),
        ])
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 2)
        #expect(answer.offline == ["deaf"])
        let messages = try await program.distributed(on: harness.exchanges.broadcast)
        #expect(messages.map(\.targets) == [["p"]])
        #expect(messages.first?.uuid == answer["uuid"]?.string)
        #expect(try await harness.nearInbox.distributed(on: harness.exchanges.broadcast).map(\.targets) == [["a"]])
    }

    @Test("while the bus takes nothing it is 1503 at once, and nobody gets it later")
    func busAway() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        let bus = try #require(harness.dispatcher.bus as? InMemoryBus)
        bus.block()
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1503)
        #expect(answer["retry_after_ms"]?.int64 != nil)
        bus.restore()
        _ = try await harness.perform(.sendBroadcastData, #"{"data":"y"}"#, as: harness.caller("me"))
        let messages = try await harness.nearInbox.distributed(on: harness.exchanges.broadcast)
        #expect(messages.map { String(buffer: $0.data) } == [#""y""#])
    }

    @Test("a null list is no list", arguments: [#"{"data":"x","clients":null}"#, #"{"data":"x","clients":"null"}"#])
    func nullList(_ params: String) async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        #expect(try await harness.perform(.sendBroadcastData, params, as: harness.caller("me"))["targets"]?.int64 == 1)
    }

    @Test("to nobody at all is fine")
    func alone() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near)])
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer.status == .ok)
        #expect(answer["targets"]?.int64 == 0)
        #expect(answer.offline == [])
    }

    @Test("with a list those named get it once: by app_id, else by name; the sender is skipped")
    func listed() async throws {
        let harness = try await ActionsHarness()
        harness.online([
            .fixture("me", named: "Me", at: harness.near), .fixture("a", named: "Ann", at: harness.near, session: 2),
            .fixture("b", named: "Bob", at: harness.far, session: 3), .fixture("c", at: harness.far, session: 4),
        ])
        let list = #"""
            [{"app_id":"a"},{"client_name":"Ann"},{"app_id":"a","client_name":"Bob"},{"app_id":"","client_name":"Bob"},
             {"app_id":null,"client_name":"Bob"},{"app_id":"me"},{"client_name":"Me"},{},{"app_id":null},
             {"app_id":"gone"},{"app_id":"gone"},{"client_name":"Nobody"}]
            """#
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":\#(list)}"#, as: harness.caller("me", named: "Me"))
        #expect(answer["targets"]?.int64 == 2)
        #expect(
            answer["offline"].map { String(buffer: $0.bytes) }
                == #"[{"app_id":"gone"},{"app_id":"","client_name":"Nobody"}]"#)
        #expect(try await harness.nearInbox.distributed(on: harness.exchanges.broadcast).map(\.targets) == [["a"]])
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.broadcast).map(\.targets) == [["b"]])
    }

    @Test("a list in a form's string is read as JSON")
    func listAsText() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":"[{\"app_id\":\"a\"}]"}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
    }

    @Test("names are compared byte for byte")
    func names() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", named: "\u{E9}", at: harness.near, session: 2)])
        let decomposed = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":[{"client_name":"e\u0301"}]}"#, as: harness.caller("me"))
        #expect(decomposed.retcode == 1404)
        let composed = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":[{"client_name":"\u00e9"}]}"#, as: harness.caller("me"))
        #expect(composed["targets"]?.int64 == 1)
    }

    @Test("to oneself alone reaches nobody and is no error")
    func oneself() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near)])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":[{"app_id":"me"}]}"#, as: harness.caller("me"))
        #expect(answer.status == .ok)
        #expect(answer["targets"]?.int64 == 0)
        #expect(answer.offline == [])
    }

    @Test(
        "a list that matches nobody online is 1404", arguments: [#"[{"app_id":"gone"}]"#, "[{}]", #"[{"app_id":""}]"#])
    func nobody(_ list: String) async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":\#(list)}"#, as: harness.caller("me"))
        #expect(answer.retcode == 1404)
        #expect(answer.message?.contains("get_online_clients") == true)
    }

    @Test("a client without events is among those not reached")
    func withoutEvents() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("api", role: .api, at: harness.near, session: 2)])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":[{"app_id":"api"}]}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 0)
        #expect(answer.offline == ["api"])
    }

    @Test("clients of an edge that has vanished are among those not reached")
    func vanishedEdge() async throws {
        let harness = try await ActionsHarness()
        harness.online([
            .fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2),
            .fixture("b", named: "Bob", at: harness.far, session: 3),
        ])
        await harness.farInbox.close()
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
        #expect(answer["offline"].map { String(buffer: $0.bytes) } == #"[{"app_id":"b","client_name":"Bob"}]"#)
    }

    @Test(
        "parameters that are missing or wrong are 1400 and named",
        arguments: [
            ("{}", "`data` is missing"), (#"{"data":null}"#, "`data` is missing"),
            (#"{"data":5}"#, "`data` is the number 5"),
            (#"{"data":{}}"#, "`data` is an object"), (#"{"data":"x","clients":[]}"#, "`clients` is an empty array"),
            (#"{"data":"x","clients":"a"}"#, "`clients` is a string"),
            (#"{"data":"x","clients":{}}"#, "`clients` is an object"),
            (#"{"data":"x","clients":[{"app_id":"a"},"b"]}"#, "`clients[1]` is a string"),
            (#"{"data":"x","clients":[null]}"#, "`clients[0]` is null"),
            (#"{"data":"x","clients":[{"app_id":7}]}"#, "`clients[0].app_id` is the number 7"),
        ])
    func mistakes(_ params: String, _ part: String) async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        let answer = try await harness.perform(.sendBroadcastData, params, as: harness.caller("me"))
        #expect(answer.status == .failed)
        #expect(answer.retcode == 1400)
        #expect(answer.message?.contains(part) == true, "\(answer.message ?? "")")
        #expect(answer.message?.contains("Send ") == true)
        #expect(harness.nearInbox.deliveries.isEmpty)
    }

    @Test("no parameters at all are a missing data")
    func noParameters() async throws {
        let harness = try await ActionsHarness()
        #expect(try await harness.perform(.sendBroadcastData, nil, as: harness.caller("me")).retcode == 1400)
    }

    @Test("data of 1 MiB passes, a byte more is 1413; escapes count as what they mean")
    func size() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near), .fixture("a", at: harness.near, session: 2)])
        let full = String(repeating: "a", count: 1 << 20 - 1) + "\\u0061"
        let fits = try await harness.perform(.sendBroadcastData, #"{"data":"\#(full)"}"#, as: harness.caller("me"))
        #expect(fits["targets"]?.int64 == 1)
        let over = try await harness.perform(.sendBroadcastData, #"{"data":"\#(full)b"}"#, as: harness.caller("me"))
        #expect(over.retcode == 1413)
        #expect(over.message?.contains("1048577") == true)
    }

    @Test("a name nobody here knows is looked up at the registry while the replica is incomplete")
    func registryOnMiss() async throws {
        let harness = try await ActionsHarness()
        harness.registry.snapshot = PresenceSnapshot(
            registryEpoch: 1, sequence: 1, edges: [], clients: [.fixture("a", at: harness.far)], bots: [])
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x","clients":[{"app_id":"a"}]}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
        #expect(
            harness.presence.current.clients.isEmpty, "what the replica learns it must announce: this is not its way in"
        )
    }

    @Test(
        "what the registry has told anybody is waited for: who has come, who is called otherwise, who is elsewhere",
        arguments: [nil, #"[{"app_id":"b"}]"#, #"[{"client_name":"the name"}]"#])
    func behind(list: String?) async throws {
        let harness = try await ActionsHarness()
        let (me, old) = (
            OnlineClient.fixture("me", at: harness.near), OnlineClient.fixture("b", at: harness.near, session: 2)
        )
        harness.online([me, old])
        let now = OnlineClient.fixture("b", named: "the name", at: harness.far, session: 3)
        harness.registry.answer(.position, RPC.Empty.self) { _ in
            // The change comes after the answer.
            Task {
                _ = harness.presence.apply(
                    PresenceChange(
                        kind: .clientOnline, registryEpoch: 1, sequence: 2, edge: harness.far, clients: [now]))
            }
            return PresencePosition(registryEpoch: 1, sequence: 2)
        }
        let clients = list.map { #","clients":\#($0)"# } ?? ""
        let answer = try await harness.perform(
            .sendBroadcastData, #"{"data":"x"\#(clients)}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
        #expect(try await harness.farInbox.distributed(on: harness.exchanges.broadcast).map(\.targets) == [["b"]])
    }

    @Test("a change that never comes is not waited for long: then the registry lists who is online")
    func lost() async throws {
        let harness = try await ActionsHarness()
        harness.online([.fixture("me", at: harness.near)])
        harness.registry.snapshot = PresenceSnapshot(
            registryEpoch: 1, sequence: 2, edges: [], clients: [.fixture("a", at: harness.far)], bots: [])
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
    }

    @Test("where nobody is known and the registry is away, it is 1503")
    func registryAway() async throws {
        let harness = try await ActionsHarness()
        await harness.registry.close()
        for params in [#"{"data":"x"}"#, #"{"data":"x","clients":[{"app_id":"a"}]}"#] {
            let answer = try await harness.perform(.sendBroadcastData, params, as: harness.caller("me"))
            #expect(answer.retcode == 1503)
            #expect(answer["retry_after_ms"] != nil)
        }
    }

    @Test("clients that are known are reached while the registry is away")
    func knownWhileAway() async throws {
        let harness = try await ActionsHarness()
        await harness.registry.close()
        let change = PresenceChange(
            kind: .clientOnline, registryEpoch: 1, sequence: 5, edge: harness.near,
            clients: [.fixture("a", at: harness.near)])
        _ = harness.presence.apply(change)
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: harness.caller("me"))
        #expect(answer["targets"]?.int64 == 1)
    }

    @Test("without a caller it is 1401 and says what to send")
    func noCaller() async throws {
        let harness = try await ActionsHarness()
        let answer = try await harness.perform(.sendBroadcastData, #"{"data":"x"}"#, as: nil)
        #expect(answer.retcode == 1401)
        #expect(answer.message?.contains("client_token") == true)
    }
}
