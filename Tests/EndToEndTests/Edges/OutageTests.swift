import Bus
import NIOCore
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Several edges, and a broker that comes and goes", .overMemory, .timeLimit(.minutes(3)))
    struct OutageTests {
        private func expect(_ clients: [CountingClient], toHave events: Int) async throws {
            for client in clients {
                let ledger = try await eventually(within: .seconds(30), "\(events) events arrived") {
                    client.ledger
                } until: {
                    $0.received >= events
                }
                #expect(ledger.mistake == nil)
                #expect(ledger.received == events)
            }
        }

        @Test("clients of both edges get every event once and in order, whichever edge loses the broker for a moment")
        func events() async throws {
            try await withFakeBot { bot in
                try await withDeployment(edges: [[bot.url], [bot.url]]) { deployment in
                    var clients: [CountingClient] = []
                    for edge in deployment.edges { clients.append(try await CountingClient.connect(to: edge.ws)) }
                    let listener = try await FakeClient.connect(to: deployment.edges[1].ws)
                    _ = try await listener.nextEvent("meta_event", "lifecycle")
                    try await bot.bot.emit(numbers: 1...100)
                    try await expect(clients, toHave: 100)
                    for (turn, edge) in deployment.edges.enumerated() {
                        let start = 100 + turn * 600
                        edge.bus.lose()
                        try await bot.bot.emit(numbers: start + 1...start + 500)
                        edge.bus.restore()
                        try await bot.bot.emit(numbers: start + 501...start + 600)
                        try await expect(clients, toHave: start + 600)
                    }
                    let list = try await listener.call("get_online_clients", echo: "1")
                    #expect(list.json?["data"]?.object?["clients"]?.array?.count == 3)
                    let unread = try await listener.unread
                    #expect(!unread.contains { $0["notice_type"] == "event_gap" })
                    #expect(!unread.contains { $0["notice_type"] == "client_status" && $0.raw("online") == "false" })
                }
            }
        }

        @Test(
            "while the registry is cut off events and actions go on; afterwards the list is true again, and nobody went offline"
        )
        func registryAway() async throws {
            try await withFakeBot { bot in
                try await withDeployment(edges: [[bot.url], []]) { deployment in
                    let client = try await FakeClient.connect(to: deployment.edges[1].ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    deployment.registryBus.lose()
                    let status = try await client.call("get_status", echo: "1")
                    #expect(status.int("retcode") == 0)
                    let second = try await FakeClient.connect(to: deployment.edges[0].ws)
                    _ = try await second.nextEvent("meta_event", "lifecycle")
                    deployment.registryBus.restore()
                    try await eventually(within: .seconds(30), "both are in the list") {
                        try await FakeHTTP.get(deployment.http + "/api/get_online_clients")
                    } until: {
                        $0.data?["clients"]?.array?.count == 2
                    }
                    let unread = try await client.unread
                    #expect(!unread.contains { $0["notice_type"] == "client_status" && $0.raw("online") == "false" })
                }
            }
        }

        @Test("an action in flight at an edge that dies is answered soon after its lease has lapsed")
        func holderDies() async throws {
            try await withFakeBot(answering: { $0.name == "slow" ? ScriptedAnswer.none : .standard }) { bot in
                try await withDeployment("registry: {lease: 10s}", edges: [[bot.url], []]) { deployment in
                    let client = try await FakeClient.connect(to: deployment.edges[1].ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await client.send(#"{"action":"slow","echo":7}"#)
                    _ = try await bot.bot.nextAction("slow")
                    async let overHTTP = FakeHTTP.request(
                        .GET, deployment.http + "/slow", within: .seconds(25))
                    _ = try await bot.bot.nextAction("slow")
                    deployment.edges[0].bus.lose()
                    let answer = try await client.next("the answer", within: .seconds(25)) { $0.echo == "7" }
                    #expect(answer.int("retcode") == 1503)
                    #expect(answer["msg"]?.contains("may have been carried out") == true)
                    #expect(try await overHTTP.retcode == 1503)
                    deployment.edges[0].bus.restore()
                }
            }
        }
    }
}
