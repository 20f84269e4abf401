import WSEdge
import NIOCore
import ServiceLifecycle
import ServiceRuntime

/// The process `ws-edge`: an edge. Any number of them may run, each with an edge.id of its own.
@main
enum Main {
    static func main() async {
        await ServiceProcess.run("ws-edge", bus: .shared, services)
    }

    @ServicesBuilder @Sendable
    static func services(of process: ServiceProcess) -> [any Service] {
        let edge = WSEdgeService(
            configuration: .init(process.settings, edgeID: HostName.asWord, messageLimit: process.messageLimit),
            bus: process.bus,
            eventLoopGroup: process.eventLoopGroup,
            logger: process.logger)
        process.healthServer(edge.health)
        edge
    }
}
