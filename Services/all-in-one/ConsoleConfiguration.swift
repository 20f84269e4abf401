import APIGateway
import Contracts
import ServiceRuntime
import SettingsReading
import WSEdge

/// What the console shows.
struct ConsoleConfiguration: Sendable {
    /// `console.events`: whether a line is printed for each event. Default: only with `--simulated-bot`.
    let showsEvents: Bool
    /// `--simulated-bot`: somebody is trying things out, and is shown how.
    let simulatesBot: Bool
    let version: String
    let edgeHost: String
    let apiHost: String
    /// The URLs of configured bots, without their secrets.
    let botURLs: [String]
    let asksForToken: Bool
    let exchanges: Exchanges

    /// Scheme, host, port and path of a URL.
    static func withoutSecrets(_ url: String) -> String {
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return "…" }
        let rest = url[schemeEnd...].prefix { $0 != "?" && $0 != "#" }
        let address = rest.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest
        return LogText.escaped(String(url[..<schemeEnd] + address))
    }
}

extension ConsoleConfiguration {
    init(_ process: ServiceProcess) {
        let edge = WSEdgeConfiguration(process.settings)
        let api = APIGatewayConfiguration(process.settings)
        simulatesBot = process.arguments.simulatesBot
        showsEvents = process.settings.bool("console.events", default: process.arguments.simulatesBot)
        version = ServiceProcess.version
        edgeHost = edge.ports.publicHost ?? edge.sockets.host
        apiHost = api.host
        botURLs = edge.bots.entries.compactMap { $0.url ?? $0.eventURL }.map(Self.withoutSecrets)
        asksForToken = api.asksForToken
        exchanges = edge.exchanges
    }
}
