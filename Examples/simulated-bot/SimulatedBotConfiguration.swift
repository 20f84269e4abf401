public import OneBot

/// What one simulated bot is like. The defaults are those of `simulated-bot` without arguments.
public struct SimulatedBotConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0: the operating system picks one; `nil`: it only dials.
    public var port: Int? = 3001
    /// The account that is logged in.
    public var selfID = SelfID(10001)
    /// How many made-up events per second go out while anybody listens.
    public var rate = EventRate.perSecond(1)
    /// After so many made-up events no more follow; `nil`: for ever.
    public var count: Int?
    /// Asked of whoever connects, and sent where the bot dials; `nil`: none.
    public var accessToken: String?
    /// Whom to dial (OneBot 11, reverse WebSocket).
    public var reverseTargets: [ReverseTarget] = []
    /// From losing a dialled connection, or failing to get one, to the next attempt.
    public var redialInterval: Duration = .seconds(1)
    /// Decides what is made up; the same seed makes the same events.
    public var seed: UInt64 = 1
    /// What it does wrong from the start; the action `simulate` changes it later.
    public var misbehaviour = Misbehaviour()
    /// Between two heartbeats; zero: none.
    public var heartbeatInterval: Duration = .seconds(5)
    /// How many received actions wait for ``SimulatedBot/nextAction(_:within:)``; beyond, the oldest go. 0 outside of tests.
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
