import OneBot
import SettingsReading

/// One bot that Perpetua dials, or whose program it runs.
public struct BotConfiguration: Sendable {
    /// `bots[].url`: where its OneBot WebSocket server listens (`ws://` or `wss://`). Default: none, it dials in.
    public var url: String?
    /// `bots[].api_url`: with `event_url` in place of `url`, the bot's address for actions. Default: none.
    public var apiURL: String?
    /// `bots[].event_url`: its address for events. Default: none.
    public var eventURL: String?
    /// `bots[].access_token`. Default: none.
    public var accessToken: String?
    /// `bots[].self_id`: its account, if it is to be known before it is first connected. Default: learnt.
    public var selfID: Int64?
    /// `bots[].command`: program and arguments to run and supervise. Default: none.
    public var command: [String]
    /// `bots[].directory`: where the program runs. Default: ours.
    public var directory: String?
}

extension BotConfiguration {
    init(_ settings: Settings, entry: String) {
        url = settings.optionalString("\(entry).url")
        apiURL = settings.optionalString("\(entry).api_url")
        eventURL = settings.optionalString("\(entry).event_url")
        accessToken = settings.secret("\(entry).access_token")
        selfID = settings.optionalInt("\(entry).self_id", in: 1...Int.max).map(Int64.init)
        command = settings.strings("\(entry).command", default: [])
        directory = settings.optionalString("\(entry).directory")
        for (key, url) in [("url", url), ("api_url", apiURL), ("event_url", eventURL)] {
            if let url, !url.hasPrefix("ws://"), !url.hasPrefix("wss://") {
                settings.report(
                    "\(entry).\(key)", value: url,
                    remedy: "Write the bot's WebSocket address, as ws://127.0.0.1:3001/.")
            }
        }
        if (apiURL == nil) != (eventURL == nil) || (url != nil && apiURL != nil) {
            settings.report(
                entry, value: "{}", remedy: "Give it a url, or both an api_url and an event_url, and not all three.")
        } else if addresses.isEmpty, command.isEmpty {
            settings.report(
                entry, value: "{}",
                remedy: "Give it a url to dial, or a command to run; a bot that dials in needs no entry.")
        }
    }
}

/// Where an entry of `bots[]` is dialled, and the name of its claim. That name is the same on every edge whose `bots[]`
/// holds the entry, wherever in the list it stands.
extension BotConfiguration {
    /// One address, or one for each of an API and Event pair; none for a bot that dials in.
    var addresses: [(url: String, role: ClientRole)] {
        if let url { return [(url, .universal)] }
        guard let apiURL, let eventURL else { return [] }
        return [(apiURL, .api), (eventURL, .event)]
    }

    var claimName: String {
        let urls = addresses.map(\.url)
        guard urls.isEmpty else { return EntryClaims.name(of: urls.joined(separator: "\n")) }
        return EntryClaims.name(of: "command\n" + command.joined(separator: "\n"))
    }
}
