import Bus
import Contracts
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import OneBot
import SettingsReading
import TestSupport
import Testing

@testable import APIGateway

@Suite("The AMQP door", .timeLimit(.minutes(1))) struct BrokerDoorTests {
    private let key = Exchanges.gatewayKey

    @Test("an action in nobody's name needs no token, and is answered with its echo")
    func anonymous() async throws {
        try await GatewayHarness.run(clients: [.onAMQP("p", named: "Prog")]) { gateway in
            let program = try await gateway.program()
            let answer = try await program.call(#"{"action":"get_online_clients","echo":{"n":1.0}}"#, key: key)
            #expect(answer["status"]?.string == "ok")
            #expect(answer["echo"].map { String(buffer: $0.bytes) } == #"{"n":1.0}"#)
            let clients = answer["data"]?.object?["clients"]?.array?.compactMap(\.object)
            #expect(clients?.map { $0["transport"]?.string } == ["amqp"])
        }
    }

    @Test("register_client and renew_client reach the registry; the secret comes as a header")
    func becomesAClient() async throws {
        try await GatewayHarness.run { gateway in
            let lease = RegistryAPI.ClientLease(
                grant: SessionGrant(appID: "p", clientToken: "secret"), leaseSeconds: 15)
            gateway.registry.answer(.registerClient, RegistryAPI.RegisterClient.self) { _ in lease }
            gateway.registry.answer(.renewClient, RegistryAPI.RenewClient.self) { _ in lease }
            let program = try await gateway.program()
            let registered = try await program.call(
                #"{"action":"register_client","params":{"name":"bot"},"echo":"r"}"#, key: key)
            #expect(registered["data"]?.object?["client_token"]?.string == "secret")
            #expect(registered["echo"]?.string == "r")
            let renewed = try await program.call(#"{"action":"renew_client"}"#, key: key, clientToken: "secret")
            #expect(renewed["data"]?.object?["lease_seconds"]?.int64 == 15)
            #expect(renewed["echo"] == nil)
            #expect(
                try gateway.registry.questions(.renewClient, RegistryAPI.RenewClient.self).map(\.clientToken)
                    == ["secret"])
        }
    }

    @Test("in the name of a client with a connection: carried out at its edge, without the secret")
    func atAnEdge() async throws {
        try await GatewayHarness.run { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in
                OnlineClient.fixture("a", at: gateway.edge, session: 9)
            }
            gateway.performs(.ok(ByteBuffer(string: #"{"uuid":"u"}"#)))
            let answer = try await gateway.program().call(
                #"{"action":"send_broadcast_data","params":{"data":"x","client_token":"t"},"echo":[1]}"#, key: key,
                clientToken: "secret")
            #expect(answer["data"]?.object?["uuid"]?.string == "u")
            #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[1]")
            let asked = try gateway.performed()
            #expect(asked.map(\.sessionID) == [9])
            #expect(asked.map(\.params) == [#"{"data":"x"}"#])
            #expect(
                try gateway.registry.questions(.identify, RegistryAPI.Identify.self).map(\.clientToken) == ["secret"])
        }
    }

    @Test("in the name of a client that lives on AMQP: carried out here")
    func onAMQP() async throws {
        try await GatewayHarness.run(clients: [.onAMQP("p", named: "Prog"), .onAMQP("q")]) { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in OnlineClient.onAMQP("p", named: "Prog")
            }
            gateway.registry.answer(.setClientName, RegistryAPI.SetName.self) { _ in RPC.Empty() }
            let other = try await BusResponder.client("q", at: gateway.broker)
            let program = try await gateway.program()
            let sent = try await program.call(
                #"{"action":"send_broadcast_data","params":{"data":"x"}}"#, key: key, clientToken: "t")
            #expect(sent["data"]?.object?["targets"]?.int64 == 1)
            let broadcasts = try await other.distributed(on: Exchanges().broadcast)
            #expect(broadcasts.map(\.sender) == [Client(appID: "p", clientName: "Prog")])

            let named = try await program.call(
                #"{"action":"set_client_name","params":{"name":"new"}}"#, key: key, clientToken: "t")
            #expect(named["status"]?.string == "ok")
            #expect(try gateway.registry.questions(.setClientName, RegistryAPI.SetName.self).map(\.appID) == ["p"])

            let called = try await program.call(
                #"{"action":"send_broadcast_data_callback","params":{"client":{"app_id":"q"},"data":"y"}}"#, key: key,
                clientToken: "t")
            #expect(called["retcode"]?.int64 == 1404, "which broadcasts it got is not known here")
            #expect(called["msg"]?.string?.contains("`uuid`") == true)
            #expect(try gateway.performed().isEmpty)
        }
    }

    @Test("over HTTP too a client that lives on AMQP is served here, by its token")
    func overHTTP() async throws {
        try await GatewayHarness.run(clients: [.onAMQP("p")]) { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in OnlineClient.onAMQP("p") }
            let answer = try await gateway.post(
                "/api/send_broadcast_data", #"{"data":"x"}"#, headers: ["X-Client-Token": "t"])
            #expect(answer.status == 200)
            #expect(answer.json?["data"]?.object?["targets"]?.int64 == 0)
        }
    }

    @Test("what it publishes for a program has that program's traceparent, and every property a message of ours has")
    func properties() async throws {
        try await GatewayHarness.run(clients: [.onAMQP("p"), .onAMQP("q")]) { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in OnlineClient.onAMQP("p") }
            let other = try await BusResponder.client("q", at: gateway.broker)
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker)
            let program = try await gateway.program()
            let trace = TraceParent.make()
            func call(_ frame: String) async throws -> MessageProperties {
                try await program.message(answering: frame, key: key, clientToken: "t", trace: trace).properties
            }
            let answers = [
                try await call(#"{"action":"send_broadcast_data","params":{"data":"x"}}"#),
                try await call(
                    #"{"action":"send_broadcast_data_callback","params":{"client":{"app_id":"q"},"data":"y","uuid":"u"}}"#
                ),
                try await call(#"{"action":"set_restart"}"#), try await call(#"{"action":"get_online_clients"}"#),
                try await call("nonsense"),
            ]
            let published = [
                try await other.delivery { $0.exchange == Exchanges().broadcast.name },
                try await other.delivery { $0.exchange == Exchanges().callback.name },
                try await bot.delivery("the bot is asked to restart"),
            ].map(\.properties)
            for properties in answers + published {
                #expect(properties.trace == trace)
                #expect(properties.appID == "api-gateway")
                #expect(properties.headers["x-perpetua-version"] == "1")
                #expect(properties.messageID != nil && properties.timestamp != nil)
                #expect(properties.contentType == "application/json")
            }
            #expect(answers.allSatisfy { $0.type == "response" })
            #expect(Set((answers + published).map(\.messageID)).count == 8)
            // For a program that names no valid trace, a new one begins here.
            let without = try await program.message(
                answering: #"{"action":"get_online_clients"}"#, key: key, trace: nil)
            #expect(without.properties.trace.map { $0 != trace } == true)
        }
    }

    @Test("without a token, or with a wrong one, an action that needs a caller is 1401")
    func nobody() async throws {
        try await GatewayHarness.run { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ -> OnlineClient in
                throw RPC.Failure(.unauthorized, "No client has that client_token.")
            }
            let program = try await gateway.program()
            let frame = #"{"action":"send_broadcast_data","params":{"data":"x"},"echo":"e"}"#
            for token in [nil, "", "wrong"] {
                let answer = try await program.call(frame, key: key, clientToken: token)
                #expect(answer["retcode"]?.int64 == 1401)
                #expect(answer["echo"]?.string == "e")
            }
        }
    }

    @Test("set_restart asks which bot where there are several, and names the only one")
    func restart() async throws {
        try await GatewayHarness.run(bots: [10001, 10002]) { gateway in
            let answer = try await gateway.program().call(#"{"action":"set_restart"}"#, key: key)
            #expect(answer["retcode"]?.int64 == 1400)
            #expect(answer["msg"]?.string?.contains("10002") == true)
        }
        try await GatewayHarness.run { gateway in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker)
            let answer = try await gateway.program().call(
                #"{"action":"set_restart","params":{"self_id":"","x":1}}"#, key: key)
            #expect(answer["status"]?.string == "async")
            let frame = try JSONObject(try await bot.delivery("the bot is asked to restart").body)
            #expect(frame["params"]?.object?["self_id"]?.int64 == 10001)
        }
    }

    @Test("nonsense is answered, or dropped where no answer is wanted, and the door stays open")
    func poison() async throws {
        try await GatewayHarness.run { gateway in
            let program = try await gateway.program()
            for frame in ["", "[1", "\u{0}", #"{"action":null}"#] {
                #expect(await program.send(frame, key: key) == .confirmed)
                #expect(try await program.call(frame, key: key)["retcode"]?.int64 == 1400)
            }
            #expect(try await program.call(#"{"action":"get_online_clients"}"#, key: key)["status"]?.string == "ok")
            // The queue is empty: otherwise the next consumer would get what is left.
            await gateway.stop()
            let next = DeliveryRecorder()
            try await next.consume(
                Exchanges().gatewayQueue, from: gateway.broker.connect(),
                on: MultiThreadedEventLoopGroup.singleton.next())
            try await eventually("the next consumer gets what comes now") {
                _ = await program.send("last", key: key)
                return !next.texts.isEmpty
            }
            #expect(Set(next.texts) == ["last"])
        }
    }

    @Test("two gateways share the work: each message is carried out once")
    func competing() async throws {
        try await GatewayHarness.run { first in
            let second = APIGatewayService(
                configuration: APIGatewayConfiguration(Settings(flags: [("api.port", "0")])),
                bus: first.broker.connect(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let lease = RegistryAPI.ClientLease(grant: SessionGrant(appID: "p", clientToken: "s"), leaseSeconds: 15)
            first.registry.answer(.registerClient, RegistryAPI.RegisterClient.self) { _ in lease }
            let program = try await first.program()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await second.run() }
                try await eventually("the second gateway is ready") { second.readiness() == nil }
                try await withThrowingTaskGroup(of: Void.self) { calls in
                    for _ in 0..<50 {
                        calls.addTask { _ = try await program.call(#"{"action":"register_client"}"#, key: key) }
                    }
                    try await calls.waitForAll()
                }
                group.cancelAll()
            }
            #expect(try first.registry.questions(.registerClient, RegistryAPI.RegisterClient.self).count == 50)
        }
    }

    @Test("a queue that is deleted under the gateway is made again")
    func queueDeleted() async throws {
        try await GatewayHarness.run { gateway in
            let program = try await gateway.program()
            try await program.bus.delete(Exchanges().gatewayQueue)
            try await eventually(within: .seconds(10), "the door is open again") {
                await program.send("{}", key: key) == .confirmed
            }
            #expect(try await program.call(#"{"action":"get_online_clients"}"#, key: key)["status"]?.string == "ok")
        }
    }

    @Test("a stopping gateway answers what is in flight")
    func finishes() async throws {
        try await GatewayHarness.run { gateway in
            gateway.registry.answer(.identify, RegistryAPI.Identify.self) { _ in
                OnlineClient.fixture("a", at: gateway.edge, session: 9)
            }
            let program = try await gateway.program()
            async let answer = program.call(
                #"{"action":"set_client_name","params":{"name":"x"}}"#, key: key, clientToken: "t")
            let asked = try await gateway.edgeInbox.delivery("the edge was asked")
            await gateway.stop()
            let response = String(buffer: Response.ok().encoded(echo: nil))
            gateway.edgeInbox.reply(to: asked, try RPC.encodeResult(EdgeAPI.Performed(response: response)))
            #expect(try await answer["status"]?.string == "ok")
        }
    }
}

extension GatewayHarness {
    /// Waits until the gateway takes actions from the broker: its HTTP door opens independently.
    fileprivate func program() async throws -> BrokerProgram {
        let program = try await BrokerProgram(at: broker)
        try await eventually("the gateway takes actions") {
            do {
                _ = try await program.call("{}", key: Exchanges.gatewayKey)
                return true
            } catch MessageBusError.unroutable {
                return false
            }
        }
        return program
    }
}
