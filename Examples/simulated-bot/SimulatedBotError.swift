/// Why waiting for something at a simulated bot failed.
public enum SimulatedBotError: Error, Sendable, CustomStringConvertible {
    case timedOut(waitingFor: String, lastSeen: String)
    case stopped

    public var description: String {
        switch self {
        case .timedOut(let wanted, let seen): "waited in vain for \(wanted); last seen: \(seen)"
        case .stopped: "the simulated bot was stopped"
        }
    }
}
