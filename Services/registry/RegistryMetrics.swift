import Contracts
import Metrics
import Observability

/// What an operator sees of the registry: every handle is made once, here.
struct RegistryMetrics: Sendable {
    private let edges = MetricNames.registryEdges.gauge()
    private let clients = MetricNames.registryClients.gauge()
    private let bots = MetricNames.registryBots.gauge()
    private let lapsedEdges = MetricNames.leasesExpired.counter("edge")
    private let lapsedClients = MetricNames.leasesExpired.counter("client")
    private let lapsedPorts = MetricNames.leasesExpired.counter("port")

    func set(_ presence: PresenceTable, edges: Int) {
        self.edges.set(edges)
        clients.set(presence.clients.count)
        bots.set(presence.bots.values.count { $0.isOnline })
    }

    func expired(_ lapses: RegistryEffects.Lapses) {
        if lapses.edges > 0 { lapsedEdges.increment(by: lapses.edges) }
        if lapses.clients > 0 { lapsedClients.increment(by: lapses.clients) }
        if lapses.ports > 0 { lapsedPorts.increment(by: lapses.ports) }
    }
}
