import Registry
import NIOCore
import ServiceLifecycle
import ServiceRuntime

/// The process `registry`. One of several works, the others stand by.
@main
enum Main {
    static func main() async {
        await ServiceProcess.run("registry", bus: .shared, services)
    }

    @ServicesBuilder @Sendable
    static func services(of process: ServiceProcess) -> [any Service] {
        let registry = RegistryService(
            configuration: .init(process.settings), bus: process.bus, eventLoop: process.eventLoopGroup.next(),
            logger: process.logger)
        process.healthServer(registry.health)
        registry
    }
}
