import TestSupport
import Testing

extension EndToEnd {
    @Suite("Two edges with one edge.id", .overRabbitMQ, .timeLimit(.minutes(2)))
    struct TwinEdgeTests {
        @Test("the one that came first is ready no more, and says why, also after the other one has gone")
        func replaced() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            var plan = Deployment.Plan()
            plan.edges = 1
            plan.gateways = 0
            try await withDeployment(on: broker, plan) { deployment in
                let first = deployment.edges[0]
                try await withFolder { folder in
                    let ports = try FreePorts.range(of: 2)
                    let twin = try RunningProgram(
                        "ws-edge", in: folder,
                        [
                            "--bus", "amqp", "--amqp.url", broker, "--amqp.prefix", plan.prefix, "--edge.id",
                            first.name,
                            "--edge.shared_port", "\(ports.lowerBound)", "--health.port", "\(ports.upperBound)",
                        ])
                    try await twin.waitUntilReady(at: "http://127.0.0.1:\(ports.upperBound)")
                    try await eventually(within: .seconds(20), "the first one is not ready") {
                        try await FakeHTTP.get(first.health + "/health/ready")
                    } until: {
                        $0.status == 503 && $0.body.contains("(\(first.name))")
                    }
                    twin.terminate()
                    #expect(try await twin.exitCode() == 0)
                }
                #expect(first.program.printed.contains("Another process runs under this edge.id"))
                #expect(try await FakeHTTP.get(first.health + "/health/ready").status == 503)
            }
        }
    }
}
