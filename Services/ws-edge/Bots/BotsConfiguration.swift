import Actions
import OneBot
import SettingsReading

/// The settings of the bots' side.
public struct BotsConfiguration: Sendable {
    /// `bot_listener.access_token`: the secret bots that dial in must show. Default: none. It follows the settings
    /// when these are read again.
    var listenerToken: Reloadable<AccessToken?>
    /// `action_timeout`, `action_timeouts`.
    var timeouts: ActionTimeouts
    /// `pacing.*`.
    var pacing: PacingConfiguration
    /// `breaker.*`.
    var breaker: BreakerConfiguration
    /// `bots[]`.
    public var entries: [BotConfiguration]

    init(_ settings: Settings) {
        listenerToken = BotListener.token(following: settings)
        timeouts = ActionTimeouts(settings)
        pacing = PacingConfiguration(settings)
        breaker = BreakerConfiguration(settings)
        entries = settings.entries("bots").map { BotConfiguration(settings, entry: $0) }
    }

    /// How long an action may take altogether.
    var patience: ActionPatience { ActionPatience(timeouts: timeouts, pacing: pacing) }

    /// The accounts that are given beforehand, in their order.
    var accounts: [Int64] { entries.compactMap(\.selfID) }
}
