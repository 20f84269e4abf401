import APIGateway
import NIOCore
import ServiceLifecycle
import ServiceRuntime

/// The process `api-gateway`. Any number of them may run.
@main
enum Main {
    static func main() async {
        await ServiceProcess.run("api-gateway", bus: .shared, services)
    }

    @ServicesBuilder @Sendable
    static func services(of process: ServiceProcess) -> [any Service] {
        APIGatewayService(
            configuration: .init(process.settings, messageLimit: process.messageLimit), bus: process.bus,
            eventLoopGroup: process.eventLoopGroup,
            logger: process.logger, checks: [process.busHealth], metrics: process.metricsPage)
    }
}
