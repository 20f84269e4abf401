/// Why a process cannot even look at its settings.
enum LaunchFailure: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(String, reason: String)
    case noText(String)
    case noSimulatedBot(String)
    case noFreePort

    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read the settings file \(path): \(reason) Name another one by --config or PERPETUA_CONFIG."
        case .noText(let path): "the settings file \(path) is no UTF-8 text. Save it as UTF-8."
        case .noSimulatedBot(let path):
            "there is no simulated bot at \(path). Build it by `swift build --product simulated-bot`, or use ./run."
        case .noFreePort: "no free port on 127.0.0.1 for the simulated bot. Start it yourself and use --bot ws://…"
        }
    }
}
