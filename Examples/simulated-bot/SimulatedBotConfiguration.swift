public import OneBot

/// The settings of one simulated bot. The defaults are those of `simulated-bot` without arguments.
public struct SimulatedBotConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0: the operating system picks one; `nil`: it only dials.
    public var port: Int? = 3001
    /// The account that is logged in.
    public var selfID = SelfID(10001)
    /// How many made-up events per second go out while anybody listens.
    public var rate = EventRate.perSecond(1)
    /// How many made-up events there are in all; `nil`: without end.
    public var count: Int?
    /// The token that connections have to show, and that the bot shows where it dials; `nil`: none.
    public var accessToken: String?
    /// Whom to dial (OneBot 11, reverse WebSocket).
    public var reverseTargets: [ReverseTarget] = []
    /// How long after the loss of a dialled connection, or a failed attempt, the next attempt is made.
    public var redialInterval: Duration = .seconds(1)
    /// The seed of made-up events; the same seed makes the same events.
    public var seed: UInt64 = 1
    /// What it does wrong from the start; the action `simulate` changes it later.
    public var misbehaviour = Misbehaviour()
    /// The time between two heartbeats; zero: none.
    public var heartbeatInterval: Duration = .seconds(5)
    /// How many received actions wait for ``SimulatedBot/nextAction(_:within:)``; beyond that, the oldest ones go. 0
    /// outside of tests.
    public var recordedActions = 0

    public init() {}

    /// For tests: a port of the system's choice, no events and no heartbeats of its own, and actions are recorded.
    public static var scripted: SimulatedBotConfiguration {
        var configuration = SimulatedBotConfiguration()
        configuration.port = 0
        configuration.rate = .perSecond(0)
        configuration.heartbeatInterval = .zero
        configuration.redialInterval = .milliseconds(20)
        configuration.recordedActions = 100_000
        return configuration
    }
}

/// A server the bot dials, and what that connection carries.
public struct ReverseTarget: Sendable, Hashable {
    public var url: String
    public var role: ClientRole

    public init(url: String, role: ClientRole = .universal) {
        self.url = url
        self.role = role
    }
}
