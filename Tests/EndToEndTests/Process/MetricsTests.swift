import Bus
import Contracts
import Foundation
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The numbers of a running Perpetua", .timeLimit(.minutes(2)))
    struct MetricsTests {
        @Test("an action and its client are counted, and the bot's link is seen", .overMemory)
        func numbers() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                switch action.name {
                case "fails": .json(#"{"status":"failed","retcode":404}"#)
                case "answers_twice":
                    .frames(
                        Array(
                            repeating: #"{"status":"ok","retcode":0,"echo":\#(action.echo ?? "null")}"#, count: 2))
                case "answers_and_stutters":
                    .frames(
                        ["0", "NaN"].map {
                            #"{"status":"ok","retcode":0,"data":\#($0),"echo":\#(action.echo ?? "null")}"#
                        })
                default: .standard
                }
            }
            try await withFakeBot(answering: script) { bot in
                try await withFolder { folder in
                    let ports = try FreePorts.range(of: 2)
                    let perpetua = try PerpetuaProcess(in: folder, ports: ports, ["--bot", bot.url])
                    try await perpetua.waitUntilReady()
                    let member = try await OwnActionTests.Member(ws: perpetua.ws)
                    _ = try await member.client.call("get_status", params: "{}", echo: "1")
                    _ = try await member.client.call("set_client_name", params: #"{"name":"n"}"#, echo: "2")
                    _ = try await member.client.call("set_client_name", params: #"{"name":""}"#, echo: "3")
                    _ = try await FakeHTTP.get(perpetua.http + "/get_status")
                    #expect(try await member.client.call("fails_async", echo: "4")["status"] == "async")
                    _ = try await member.client.call("answers_twice", echo: "5")
                    _ = try await member.client.call("answers_and_stutters", echo: "6")

                    let expected = [
                        #"perpetua_actions_total{door="websocket",outcome="ok"} 4"#,
                        #"perpetua_actions_total{door="websocket",outcome="async"} 1"#,
                        #"perpetua_actions_total{door="websocket",outcome="failed"} 1"#,
                        #"perpetua_actions_total{door="http",outcome="ok"} 1"#,
                        #"perpetua_action_duration_seconds_count{door="websocket"} 6"#,
                        #"perpetua_clients{role="Universal"} 1"#, #"perpetua_bots{state="up"} 1"#,
                        #"perpetua_bot_up{bot="0"} 1"#, #"perpetua_bus_status{state="connected"} 1"#,
                        "perpetua_late_answers_total 2", "perpetua_unattended_actions_failed_total 1",
                        "perpetua_registry_active 1", "perpetua_registry_clients 1", "perpetua_registry_edges 1",
                        "perpetua_registry_bots 1",
                        #"perpetua_info{process="perpetua",version="0.1.0"} 1"#,
                    ]
                    // Gauges are set once a second.
                    try await eventually(
                        "every number is there",
                        read: {
                            let lines = Set(
                                try await FakeHTTP.get(perpetua.http + "/metrics").body.split(separator: "\n").map(
                                    String.init))
                            return expected.filter { !lines.contains($0) }
                        }, until: { $0.isEmpty })
                    perpetua.terminate()
                    #expect(try await perpetua.exitCode() == 0)
                }
            }
        }

        @Test("the label values that docs/operating.md names are made from the start, and no others are")
        func labelValues() async throws {
            let page = try String(contentsOf: Self.root.appending(path: "docs/operating.md"), encoding: .utf8)
            try await withFolder { folder in
                let isOnBroker = ProcessInfo.processInfo.environment["PERPETUA_TEST_BUS"] == "amqp"
                let bus = isOnBroker ? ["--bus", "amqp", "--amqp.url", try RabbitMQ.ofTheRun().url] : []
                let prefix = ["--amqp.prefix", RabbitMQ.freshPrefix()]
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2), bus + prefix)
                try await perpetua.waitUntilReady()
                let numbers = try await FakeHTTP.get(perpetua.http + "/metrics").body
                perpetua.terminate()
                #expect(try await perpetua.exitCode() == 0)

                for row in page.split(separator: "\n").filter({ $0.hasPrefix("| `perpetua_") }) {
                    let cells = row.split(separator: "|")
                    let metric = Self.words(in: cells[0])[0]
                    // Metrics of the broker's connection exist only where there is a broker.
                    if metric.hasPrefix("perpetua_bus_"), metric != "perpetua_bus_status", !isOnBroker { continue }
                    let labels = Self.words(in: cells[2])
                    let named = Set(Self.words(in: cells[3]))
                    let made = Set(
                        labels.filter { !Self.open.contains($0) }.flatMap { Self.values(of: $0, metric, numbers) })
                    #expect(made.subtracting(named) == [], "\(metric) has these, and the page does not say so")
                    if !labels.isEmpty, made != [] || !labels.allSatisfy(Self.open.contains) {
                        #expect(named.subtracting(made) == [], "the page names these, and \(metric) does not have them")
                    }
                }
            }
        }

        /// Labels whose values are not from a list: numbers, versions.
        private static let open: Set = ["process", "version", "bot", "status"]
        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()

        /// The code spans in a cell that are one word.
        private static func words(in cell: Substring) -> [String] {
            cell.matches(of: /`([A-Za-z_][A-Za-z0-9_]*)`/).map { String($0.output.1) }
        }

        private static func values(of label: String, _ metric: String, _ numbers: String) -> [String] {
            numbers.split(separator: "\n")
                .filter { line in ["{", "_bucket{", "_count{"].contains { line.hasPrefix(metric + $0) } }
                .compactMap { line in
                    line.firstMatch(of: /\{([^}]*)\}/)?.output.1.split(separator: ",").first {
                        $0.hasPrefix(label + "=")
                    }
                }
                .map { String($0.dropFirst(label.count + 2).dropLast()) }
        }

        @Test(
            "what programs on the broker ask of a gateway is counted at the door amqp, by how it ended", .overRabbitMQ)
        func amqpDoor() async throws {
            let node = try RabbitMQ.ofTheRun()
            let plan = Deployment.Plan(edges: 1)
            try await withDeployment(on: node.url, plan) { deployment in
                let program = try await BrokerProgram(at: node, exchanges: Exchanges(prefix: plan.prefix))
                let key = Exchanges.gatewayKey
                #expect(try await program.call(#"{"action":"register_client"}"#, key: key)["status"]?.string == "ok")
                for frame in [#"{"action":"get_online_clients"}"#, #"{"action":"send_msg"}"#, "nonsense"] {
                    _ = try await program.call(frame, key: key)
                }
                let page = try await FakeHTTP.get(deployment.gateways[0].http + "/metrics").body
                for line in [
                    #"perpetua_actions_total{door="amqp",outcome="ok"} 2"#,
                    #"perpetua_actions_total{door="amqp",outcome="failed"} 2"#,
                    #"perpetua_action_duration_seconds_count{door="amqp"} 4"#,
                ] {
                    #expect(page.contains(line + "\n"), "\(line)")
                }
                await program.bus.close()
            }
        }
    }
}
