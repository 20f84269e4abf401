import OneBot
import SettingsReading

/// One entry of `reverse_websockets[]`: a framework's WebSocket server that Perpetua dials, as a OneBot implementation
/// does.
public struct ReverseWebSocketConfiguration: Sendable {
    /// `reverse_websockets[].url`: the framework's address (`ws://` or `wss://`), path and query as it wants them.
    /// Default: none, and then there are the following two.
    public var url: String?
    /// `reverse_websockets[].api_url`: with `event_url` in place of `url`, where the connection for actions goes.
    /// Default: none.
    public var apiURL: String?
    /// `reverse_websockets[].event_url`: where the one for events goes. Default: none.
    public var eventURL: String?
    /// `reverse_websockets[].access_token`: the secret the framework wants. Default: none.
    public var accessToken: String?
    /// `reverse_websockets[].name`, `reverse_websockets[].self_id`, and the choices of a client (`ClientChoices`).
    public var target: TargetConfiguration

    init(_ settings: Settings, entry: String) {
        url = settings.optionalString("\(entry).url")
        apiURL = settings.optionalString("\(entry).api_url")
        eventURL = settings.optionalString("\(entry).event_url")
        accessToken = settings.secret("\(entry).access_token")
        target = TargetConfiguration(settings, entry: entry, url: url ?? apiURL)
        for (key, url) in [("url", url), ("api_url", apiURL), ("event_url", eventURL)] {
            if let url, !url.hasPrefix("ws://"), !url.hasPrefix("wss://") {
                settings.report(
                    "\(entry).\(key)", value: url,
                    remedy: "Write the framework's WebSocket address, as ws://127.0.0.1:8080/onebot/v11/ws.")
            }
        }
        if address == nil {
            settings.report(
                entry, value: "{}", remedy: "Give it a url, or both an api_url and an event_url, and not all three.")
        }
    }

    /// Where it is dialled.
    enum Address: Sendable, Hashable {
        case universal(String)
        case pair(api: String, event: String)
    }

    /// `nil` where the settings are mistaken, and nothing starts.
    var address: Address? {
        switch (url, apiURL, eventURL) {
        case (let url?, nil, nil): .universal(url)
        case (nil, let api?, let event?): .pair(api: api, event: event)
        default: nil
        }
    }

    /// The same on every edge that has the entry, wherever in the list it stands.
    var claimName: String {
        let addresses = [url, apiURL, eventURL].map { $0 ?? "" }
        return EntryClaims.name(of: (addresses + target.selfIDs.map { "\($0)" }).joined(separator: "\n"))
    }
}
