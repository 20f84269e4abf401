import Contracts
import SettingsReading

/// What an entry of `tokens[]`, `reverse_websockets[]` or `webhooks[]` chooses for its clients.
extension ClientUpgrade {
    /// - `….post_types` and the other choices of a client. Default: those of everybody.
    /// - `….group`: it shares its bot's events with the other clients of that group. Default: none.
    /// - `….priority`: 0 to 9, of its actions where they wait for their turn at a bot. Default: 0.
    /// - Parameter defaults: the choices of everybody.
    init(_ settings: Settings, entry: String, over defaults: ClientChoices? = nil) {
        choices = ClientChoices(settings, prefix: entry, over: defaults)
        group = settings.optionalString("\(entry).group")
        priority = settings.optionalInt("\(entry).priority", in: 0...9).map { UInt8($0) }
        if let group, !Exchanges.isWord(group) {
            settings.report("\(entry).group", value: group, remedy: "Use 1 to 48 letters, digits, _ or -.")
        }
    }
}
