import APIGateway
import Actions
import NIOCore
import Registry
import ServiceLifecycle
import ServiceRuntime
import WSEdge

/// The process `perpetua`: registry, edge and gateway in one, over a bus in memory.
@main
enum Main {
    static func main() async {
        await ServiceProcess.run("perpetua", services)
    }

    /// They stop from the last to the first, so that whoever asks stops before whoever answers.
    @ServicesBuilder @Sendable
    static func services(of process: ServiceProcess) -> [any Service] {
        let (settings, bus, loops) = (process.settings, process.bus, process.eventLoopGroup)
        let ports = ListeningPorts()
        let registry = RegistryService(
            configuration: .init(settings), bus: bus, eventLoop: loops.next(), logger: process.logger)
        process.beforeServing { try await registry.refuseSecond() }
        registry
        let configuration = WSEdgeConfiguration(settings, messageLimit: process.messageLimit)
        let inbound = InboundBudget(limit: configuration.sockets.inboundBudget)
        let edge = WSEdgeService(
            configuration: configuration, bus: bus, eventLoopGroup: loops, logger: process.logger, inbound: inbound,
            onListening: { ports.edgeListens(on: $0) })
        edge
        APIGatewayService(
            configuration: .init(settings, messageLimit: process.messageLimit), bus: bus, eventLoopGroup: loops,
            logger: process.logger, checks: [process.busHealth, registry.health, edge.health],
            metrics: process.metricsPage, inbound: inbound, sharedPort: { ports.edge },
            onBound: { ports.apiListens(on: $0) })
        Console(configuration: .init(process), ports: ports, bus: bus, eventLoop: loops.next())
    }
}
