import SettingsReading

/// One entry of `webhooks[]`.
public struct WebhookConfiguration: Sendable {
    /// `webhooks[].name`, `webhooks[].self_id`.
    public var target: TargetConfiguration

    init(_ settings: Settings, entry: String) {
        target = TargetConfiguration(settings, entry: entry, url: nil)
    }
}
