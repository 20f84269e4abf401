import Bus
import Contracts
import NIOCore
import NIOPosix
import OneBot
import Testing

@Suite(.timeLimit(.minutes(1))) struct RPCTests {
    @Test("a question keeps its method and parameters")
    func question() throws {
        let wish = RegistryAPI.LeasePort(selfID: SelfID(.max), edgeID: "e1")
        let question = try RPC.encodeQuestion(method: "lease_port", params: wish)
        #expect(RPC.method(of: question) == "lease_port")
        let read = try RPC.decodeParams(RegistryAPI.LeasePort.self, from: question)
        #expect(read.selfID == SelfID(.max))
        #expect(read.edgeID == "e1")
    }

    @Test(
        "bytes that are no question name no method",
        arguments: ["", "{}", "[]", "null", "{\"method\":1}", "{", "\u{0}"])
    func noQuestion(_ text: String) {
        #expect(RPC.method(of: ByteBuffer(string: text)) == nil)
    }

    @Test("an answer is a result or a failure, and comes back as it was")
    func answers() throws {
        let grant = SessionGrant(appID: "x", clientToken: "t", clientName: "caf\u{E9}")
        #expect(try RPC.decodeResult(SessionGrant.self, from: RPC.encodeResult(grant)) == grant)
        #expect(try RPC.decodeResult(RPC.Empty.self, from: RPC.encodeResult(RPC.Empty())) == RPC.Empty())
        let failure = RPC.Failure(.unavailable(.no(retryAfter: .milliseconds(1_500))), "Later.")
        let thrown = #expect(throws: RPC.Failure.self) {
            try RPC.decodeResult(SessionGrant.self, from: RPC.encodeFailure(failure))
        }
        #expect(thrown == failure)
    }

    static let reasons: [FailureReason] = [
        .badRequest, .unauthorized, .forbidden, .notFound, .notAcceptable, .conflict, .tooLarge, .timedOut(.unknown),
        .rateLimited(retryAfter: .seconds(60)), .unavailable(.no(retryAfter: .milliseconds(7))), .unavailable(.unknown),
        .timedOut(.no()),
    ]

    @Test("a failure crosses the wire with what it says of the action", arguments: reasons)
    func reason(_ reason: FailureReason) throws {
        let thrown = #expect(throws: RPC.Failure.self) {
            try RPC.decodeResult(RPC.Empty.self, from: RPC.encodeFailure(RPC.Failure(reason, "m")))
        }
        #expect(thrown?.reason == reason)
    }

    @Test(
        "a failure that does not say whether it was carried out is taken for one that may have been",
        arguments: [#""retcode":1503,"retry_after_ms":5"#, #""retcode":1503"#, #""retcode":1503,"carried_out":"?""#])
    func silent(_ members: String) throws {
        let answer = ByteBuffer(string: #"{"error":{\#(members),"message":"m"}}"#)
        let thrown = #expect(throws: RPC.Failure.self) { try RPC.decodeResult(RPC.Empty.self, from: answer) }
        #expect(thrown?.reason == .unavailable(.unknown))
    }

    @Test("another program's time to come back is never too long to count", arguments: [Int.max, .min])
    func endless(_ milliseconds: Int) throws {
        let text = #"{"error":{"retcode":1503,"carried_out":"no","retry_after_ms":\#(milliseconds),"message":"m"}}"#
        let thrown = #expect(throws: RPC.Failure.self) {
            try RPC.decodeResult(RPC.Empty.self, from: ByteBuffer(string: text))
        }
        let response = try JSONObject(try #require(thrown).response.encoded(echo: nil))
        #expect(response["data"]?.object?["retry_after_ms"]?.int64 == (milliseconds > 0 ? 86_400_000 : 0))
    }

    @Test("an answer that holds neither is a failure, not a result")
    func neither() {
        let failure = #expect(throws: RPC.Failure.self) {
            try RPC.decodeResult(RPC.Empty.self, from: ByteBuffer(string: "{}"))
        }
        #expect(failure?.retcode == 1503)
    }

    @Test("a failure becomes the response a client gets")
    func response() {
        let failure = RPC.Failure(.unavailable(.no(retryAfter: .seconds(2))), "Later.")
        #expect(
            String(buffer: failure.response.encoded(echo: nil))
                == #"{"status":"failed","retcode":1503,"data":{"carried_out":"no","retry_after_ms":2000},"msg":"Later.","wording":"Later."}"#
        )
        #expect(RPC.Failure(.conflict, "Taken.").response.data == nil)
    }

    @Test("where nobody answers, or with nonsense, the asker hears it as a failure it can show")
    func unreachable() async throws {
        let broker = InMemoryBroker()
        let exchanges = Exchanges()
        let bus = broker.connect()
        for exchange in exchanges.all { try await bus.declare(exchange) }
        try await bus.declare(QueueDeclaration("asker"))
        let requester = Requester(bus: bus, inbox: "asker", idPrefix: "t")
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let asking = try await bus.consume(
            "asker", prefetch: 10, on: loop, cancelled: {},
            handler: { delivery in
                _ = requester.receive(delivery)
                delivery.acknowledge()
            })
        let registry = RegistryClient(requester: requester, exchanges: exchanges)
        let nobody = await #expect(throws: RPC.Failure.self) { _ = try await registry.snapshot() }
        #expect(nobody?.retcode == 1503)
        #expect(nobody?.message.contains("The registry cannot be reached") == true)
        #expect(nobody?.reason.carriedOut == .no())

        try await bus.declare(QueueDeclaration("nonsense"))
        try await bus.bind("nonsense", to: exchanges.rpc, BindingPattern(Exchanges.registryKey.text))
        let answering = try await bus.consume(
            "nonsense", prefetch: 10, on: loop, cancelled: {},
            handler: { delivery in
                var properties = MessageProperties()
                properties.correlationID = delivery.properties.correlationID
                bus.publish(
                    Message(ByteBuffer(string: "[]"), properties), to: .toQueue,
                    key: RoutingKey(delivery.properties.replyTo?.text ?? ""), mandatory: false, then: nil)
                delivery.acknowledge()
            })
        let nonsense = await #expect(throws: RPC.Failure.self) { _ = try await registry.snapshot() }
        #expect(nonsense?.reason == .unavailable(.no()), "a question that changes nothing may be asked again")
        let unheard = await #expect(throws: RPC.Failure.self) { try await registry.setName("n", of: "a") }
        #expect(unheard?.reason == .unavailable(.unknown))
        await answering.cancel()
        await asking.cancel()
        await bus.close()
    }
}
