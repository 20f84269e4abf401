@testable import APIGatewayMain
@testable import RegistryMain
import ServiceLifecycle
import SettingsReading
@testable import WSEdgeMain

@testable import ServiceRuntime
@testable import perpetua

/// Every process there is, with what its `Main` lists.
enum DeployedProcesses: String, CaseIterable, Sendable {
    case allInOne = "perpetua"
    case edge = "ws-edge"
    case registry
    case gateway = "api-gateway"

    var reach: BusReach { self == .allInOne ? .process : .shared }

    var definitions: [Settings.Definition] { ServiceProcess.describe(rawValue, bus: reach, services) }

    /// Makes the process read these settings, and returns what is wrong with them.
    func problems(with settings: Settings) throws -> [String] {
        try ServiceProcess.read(settings, rawValue, bus: reach, services)
        return settings.problems.map(\.description)
    }

    @Sendable private func services(of process: ServiceProcess) -> [any Service] {
        switch self {
        case .allInOne: perpetua.Main.services(of: process)
        case .edge: WSEdgeMain.Main.services(of: process)
        case .registry: RegistryMain.Main.services(of: process)
        case .gateway: APIGatewayMain.Main.services(of: process)
        }
    }
}
