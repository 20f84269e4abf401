import Bus
import Contracts
import NIOCore
import NIOPosix
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Programs on the broker", .timeLimit(.minutes(2)))
    struct AMQPDoorTests {
        private let bot = SelfID(10001)

        @Test("a program gets the events it bound its queue to, as the bot sent them")
        func events() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    try await connected(perpetua)
                    let program = try await perpetua.broker.newConnection()
                    let mine = QueueName("\(perpetua.exchanges.prefix).mine")
                    try await program.declare(QueueDeclaration(mine, isExclusive: true))
                    try await program.bind(mine, to: perpetua.exchanges.events, "10001.message.group.#")
                    let recorder = DeliveryRecorder()
                    try await recorder.consume(
                        mine, from: program, on: MultiThreadedEventLoopGroup.singleton.next())
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"message","message_type":"private","n":1}"#)
                    let group =
                        #"{"self_id":10001, "post_type":"message","message_type":"group","sub_type":"normal","n":2.0}"#
                    try await bot.bot.emit(group)
                    #expect(try await recorder.texts(atLeast: 1) == [group])
                    #expect(recorder.deliveries.map(\.routingKey.text) == ["10001.message.group.normal"])
                }
            }
        }

        @Test("a bot's action needs no more than a frame; without reply_to it is carried out all the same")
        func actions() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    try await connected(perpetua)
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    let frame = #"{"action":"send_group_msg","params":{"group_id":30001,"message":"x"},"echo":[null]}"#
                    let key = Exchanges.actionKey(self.bot)
                    for _ in 1...2 {
                        let answer = try await program.call(frame, key: key)
                        #expect(answer["status"]?.string == "ok")
                        #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[null]")
                        _ = try await bot.bot.nextAction("send_group_msg")
                    }
                    #expect(await program.send(frame, key: key) == .confirmed)
                    _ = try await bot.bot.nextAction("send_group_msg")
                    #expect(await program.send(frame, key: Exchanges.actionKey(SelfID(7))) == .unroutable)
                    for nonsense in ["", "{}", "[]"] {
                        #expect(try await program.call(nonsense, key: key)["retcode"]?.int64 == 1400)
                    }
                }
            }
        }

        @Test("a program becomes a client: seen, broadcast to, called back, named, and gone when it stops renewing")
        func client() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("registry: {lease: 10s}", bots: [bot.url]) { perpetua in
                    let other = try await OwnActionTests.Member(perpetua)
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    let me = try await register(program)
                    #expect(
                        try await status(other, of: me.appID, isOnline: true).raw("client")?.contains("bot") == true)
                    let inbox = try await BusResponder.client(
                        me.appID, at: perpetua.broker, exchanges: perpetua.exchanges)

                    let sent = try await other.client.call(
                        "send_broadcast_data", params: #"{"data":"hello","clients":[{"client_name":"bot"}]}"#, echo: "1"
                    )
                    let broadcast = try #require(try await inbox.distributed(on: perpetua.exchanges.broadcast).first)
                    #expect(broadcast.targets == [me.appID])
                    #expect(sent.json?["data"]?.object?["targets"]?.int64 == 1)

                    let back = try await program.call(
                        #"{"action":"send_broadcast_data_callback","params":{"client":{"app_id":"\#(other.appID)"},"#
                            + #""uuid":"\#(broadcast.uuid)","data":"yes"}}"#,
                        key: Exchanges.gatewayKey, clientToken: me.token)
                    #expect(back["status"]?.string == "ok")
                    let callback = try await other.client.nextEvent("distributed", "broadcast_callback")
                    #expect(callback["uuid"] == broadcast.uuid)
                    #expect(callback.json?["client"]?.object?["client_name"]?.string == "bot")

                    let renamed = try await program.call(
                        #"{"action":"set_client_name","params":{"name":"new"}}"#, key: Exchanges.gatewayKey,
                        clientToken: me.token)
                    #expect(renamed["status"]?.string == "ok")
                    let all = try await program.call(
                        #"{"action":"send_broadcast_data","params":{"data":"to all"}}"#, key: Exchanges.gatewayKey,
                        clientToken: me.token)
                    #expect(all["data"]?.object?["targets"]?.int64 == 1)
                    let event = try await other.client.nextEvent("distributed", "broadcast")
                    #expect(event.json?["client"]?.object?["client_name"]?.string == "new")

                    #expect(
                        try await status(other, of: me.appID, isOnline: false, within: .seconds(30))["post_type"] != nil
                    )
                    let list = try await other.client.call("get_online_clients", echo: "2")
                    #expect(list.json?["data"]?.object?["clients"]?.array?.count == 1)
                }
            }
        }

        /// Waits until a client has seen the bot's lifecycle: from then on its link is up.
        private func connected(_ perpetua: RunningPerpetua) async throws {
            let client = try await FakeClient.connect(to: perpetua.ws)
            _ = try await client.nextEvent("meta_event", "lifecycle")
        }

        private func register(_ program: BrokerProgram) async throws -> (appID: String, token: String) {
            let answer = try await program.call(
                #"{"action":"register_client","params":{"name":"bot"}}"#, key: Exchanges.gatewayKey)
            let data = answer["data"]?.object
            #expect(data?["lease_seconds"]?.int64 == 10)
            return (try #require(data?["app_id"]?.string), try #require(data?["client_token"]?.string))
        }

        private func status(
            _ member: OwnActionTests.Member, of appID: String, isOnline: Bool, within limit: Duration = .seconds(10)
        ) async throws -> ReceivedFrame {
            try await member.client.next("a client_status of \(appID)", within: limit) { frame in
                frame["notice_type"] == "client_status" && frame.json?["online"]?.bool == isOnline
                    && frame.json?["client"]?.object?["app_id"]?.string == appID
            }
        }
    }
}
