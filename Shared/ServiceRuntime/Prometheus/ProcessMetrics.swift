import Bus
import Metrics
import Observability

/// The metrics that every process has.
struct ProcessMetrics: Sendable {
    private let connected = MetricNames.busStatus.gauge("connected")
    private let blocked = MetricNames.busStatus.gauge("blocked")
    private let disconnected = MetricNames.busStatus.gauge("disconnected")

    init(name: String, version: String) {
        MetricNames.info.gauge(name, version).set(1)
    }

    /// Follows the bus's status for as long as there is a bus.
    func watch(_ bus: any MessageBus) {
        bus.watch { status in
            switch status {
            case .connected: set(1, 0, 0)
            case .blocked: set(0, 1, 0)
            case .disconnected: set(0, 0, 1)
            }
        }
    }

    private func set(_ connected: Int, _ blocked: Int, _ disconnected: Int) {
        self.connected.set(connected)
        self.blocked.set(blocked)
        self.disconnected.set(disconnected)
    }
}
