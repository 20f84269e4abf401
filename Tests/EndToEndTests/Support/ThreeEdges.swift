import Bus
import Contracts
import NIOCore
import NIOPosix
import OneBot
import Synchronization
import TestSupport

/// A deployment of three edges that may all dial one bot, on either bus.
struct ThreeEdges: Sendable {
    enum Bus: String, Sendable, CaseIterable, CustomStringConvertible {
        case memory, rabbitMQ
        var description: String { rawValue }
    }

    /// The edges' shared ports.
    let ws: [String]
    /// Which members the numbered events were given to.
    let decisions: Decisions
    /// Removes the registry for good, so that nobody is told any more who comes and goes.
    let loseRegistry: @Sendable () async throws -> Void

    /// - Parameter settings: as flags, without their dashes.
    static func run(
        on kind: Bus, bot: FakeBot, _ settings: [(key: String, value: String)] = [],
        _ body: @Sendable (ThreeEdges) async throws -> Void
    ) async throws {
        switch kind {
        case .memory:
            let yaml = settings.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
            try await withDeployment(yaml, edges: [[bot.url], [bot.url], [bot.url]]) { deployment in
                let decisions = try await Decisions(on: deployment.gatewayBus, Exchanges())
                try await body(
                    ThreeEdges(ws: deployment.edges.map(\.ws), decisions: decisions) {
                        deployment.registryBus.lose()
                    })
                deployment.registryBus.restore()
            }
        case .rabbitMQ:
            let node = try RabbitMQ.ofTheRun()
            var plan = Deployment.Plan(edges: 3, gateways: 0, bots: [bot.url])
            plan.settings = settings.flatMap { ["--\($0.key)", $0.value] }
            try await withDeployment(on: node.url, plan) { deployment in
                let bus = try await node.newConnection()
                let decisions = try await Decisions(on: bus, Exchanges(prefix: plan.prefix))
                try await body(
                    ThreeEdges(ws: deployment.edges.map(\.ws), decisions: decisions) {
                        try await deployment.registries[0].kill()
                    })
                await bus.close()
            }
        }
    }

    /// Another program on the broker, which reads the headers of events.
    final class Decisions: Sendable {
        private let owners = Mutex<[Int: [String: String]]>([:])

        fileprivate init(on bus: any MessageBus, _ exchanges: Exchanges) async throws {
            let queue = QueueName("\(exchanges.prefix).test.decisions")
            try await bus.declare(QueueDeclaration(queue))
            try await bus.bind(queue, to: exchanges.events, "#")
            _ = try await bus.consume(
                queue, prefetch: 1_000, on: MultiThreadedEventLoopGroup.singleton.next(), cancelled: {}
            ) { delivery in
                delivery.acknowledge()
                self.note(delivery)
            }
        }

        private func note(_ delivery: Delivery) {
            // `try?`: other events are not counted.
            guard let number = (try? JSONObject(delivery.body))?["number"]?.int64 else { return }
            let found = delivery.properties.groupStamp?.owners.map { ($0.group, $0.member.appID) } ?? []
            owners.withLock { $0[Int(number)] = Dictionary(found) { $1 } }
        }

        /// For each number, the `app_id` of the member of that group the event was given to.
        func owners(in group: String) -> [Int: String] {
            owners.withLock { $0.compactMapValues { $0[group] } }
        }
    }
}
