import Bus
import SettingsReading

/// Which bus carries the messages: the only place that names them.
enum BusSelection: String, Sendable, CaseIterable {
    /// In this process; its services are the whole deployment.
    case memory

    static func bus(_ settings: Settings) -> any MessageBus {
        switch settings.choice("bus", default: BusSelection.memory) {
        case .memory: InMemoryBroker().connect()
        }
    }
}
