import NIOHTTP1
import OneBot
import SettingsReading
import WebSocketTransport

/// What a client may choose for itself (docs/contract.md §3): in the query of its upgrade, or in the settings of its
/// token or target. What it does not choose is as configured for everybody (`client.*`).
struct ClientChoices: Sendable, Hashable {
    /// `post_types`, `detail_types`, `group_ids`, `user_ids`, `exclude_group_ids`, `exclude_user_ids`, `self_ids`.
    var filter = EventFilter()
    /// `message_format`; `nil`: as the bot sends it, byte for byte.
    var messageFormat: MessageFormat?
    /// `message_sent_as`; `nil`: messages that the account sent itself are called what the bot calls them.
    var messageSentAs: EventForm.SentMessages?
    /// `heartbeat_interval`; `nil`: that of everybody; `.zero`: none.
    var heartbeatInterval: Duration?
    /// `meta_events`: lifecycle, heartbeats and meta events of the bot.
    var metaEvents = true
    /// `client_status`; `nil`: all, unless there are very many.
    var clientStatus: ClientStatusAudience?
    /// `max_event_size`, `one_answer_per_write`, `ping_interval`.
    var delivery = DeliveryChoices()

    /// The intervals that may be chosen.
    static let intervals = Duration.milliseconds(100)...Duration.seconds(3600)
    /// Where the settings for everybody are.
    private static let defaultsPrefix = "client"

    init() {}

    /// Whether each event has to be looked at for this client.
    var concernsEvents: Bool { !form.isAsSent || !filter.isEmpty || !metaEvents || delivery.maxEventBytes != nil }

    /// Whether only large events have to be looked at.
    var concernsOnlySize: Bool { form.isAsSent && filter.isEmpty && metaEvents }

    /// How events are written.
    var form: EventForm { EventForm(messageFormat: messageFormat, sentMessages: messageSentAs) }

    /// Whether an event of a bot is for this client.
    func wants(_ event: EventView) -> Bool {
        filter.passes(event) && (metaEvents || event.postType != "meta_event")
    }

    // MARK: From a query

    /// - Parameter defaults: what counts where the query says nothing. An empty list, `message_format` or
    ///   `message_sent_as` takes a default away.
    init(_ request: inout ClientQuery, defaults: ClientChoices) throws(ClientUpgrade.Refusal) {
        self = defaults
        for list in EventFilter.List.allCases {
            guard let texts = request.queries(list.rawValue) else { continue }
            if let wrong = filter.restrict(list, to: texts) {
                throw Self.refusal(list.rawValue, wrong, list.remedy)
            }
        }
        if let text = request.query("message_format") {
            messageFormat = MessageFormat(rawValue: text)
            if messageFormat == nil, !text.isEmpty {
                throw Self.refusal("message_format", text, "Use array or string.")
            }
        }
        if let text = request.query("message_sent_as") {
            messageSentAs = EventForm.SentMessages(rawValue: text)
            if messageSentAs == nil, !text.isEmpty {
                throw Self.refusal("message_sent_as", text, "Use message or message_sent.")
            }
        }
        if let text = request.query("heartbeat_interval") {
            guard let number = Int64(text), number == 0 || Self.intervals.contains(.milliseconds(number)) else {
                throw Self.refusal(
                    "heartbeat_interval", text, "Use milliseconds from 100 to 3600000, or 0 for no heartbeats.")
            }
            heartbeatInterval = .milliseconds(number)
        }
        if let text = request.query("meta_events") {
            guard let isWanted = Self.flag(text) else {
                throw Self.refusal("meta_events", text, "Use true or false.")
            }
            metaEvents = isWanted
        }
        if let text = request.query("client_status") {
            guard let audience = ClientStatusAudience(rawValue: text) else {
                throw Self.refusal("client_status", text, "Use all, self or none.")
            }
            clientStatus = audience
        }
        try delivery.choose(&request)
    }

    static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    static func refusal(_ key: String, _ value: String, _ remedy: String) -> ClientUpgrade.Refusal {
        ClientUpgrade.Refusal(status: .badRequest, message: "\(key) is “\(value)”. \(remedy)")
    }

    // MARK: From settings

    /// - Parameters:
    ///   - prefix: `client`, or an entry that has choices of its own.
    ///   - defaults: what counts where an entry sets nothing; `nil`: what is set under `client`.
    init(_ settings: Settings, prefix: String, over defaults: ClientChoices? = nil) {
        let isForEverybody = prefix == Self.defaultsPrefix
        self =
            isForEverybody ? ClientChoices() : defaults ?? ClientChoices(settings, prefix: Self.defaultsPrefix)
        // `self_ids` is a choice for everybody only: an entry says by its `self_id`, and a token by its own `self_ids`,
        // which bots it is for.
        for list in EventFilter.List.allCases where isForEverybody || list != .selfIDs {
            let key = "\(prefix).\(list.rawValue)"
            let items = settings.strings(key, default: [])
            guard settings.isSet(key) else { continue }
            if let wrong = filter.restrict(list, to: items) { settings.report(key, value: wrong, remedy: list.remedy) }
        }
        messageFormat = settings.optionalChoice("\(prefix).message_format") ?? messageFormat
        messageSentAs = settings.optionalChoice("\(prefix).message_sent_as") ?? messageSentAs
        metaEvents = settings.optionalBool("\(prefix).meta_events") ?? metaEvents
        delivery.read(settings, prefix: prefix)
        // For everybody these two have always been settings without a prefix.
        clientStatus =
            settings.optionalChoice(isForEverybody ? "client_status" : "\(prefix).client_status") ?? clientStatus
        if !isForEverybody {
            let interval = settings.optionalDuration(
                "\(prefix).heartbeat_interval", in: .zero...Self.intervals.upperBound)
            if let interval {
                Self.check(interval, "\(prefix).heartbeat_interval", settings)
                heartbeatInterval = interval
            }
        }
    }

    /// Reports an interval that is neither 0 (no heartbeats) nor as long as the shortest that may be chosen.
    static func check(_ interval: Duration, _ key: String, _ settings: Settings) {
        guard interval != .zero, interval < intervals.lowerBound else { return }
        settings.report(
            key, value: "\(Int64(interval / .milliseconds(1)))ms", remedy: "Use at least 100ms, or 0 for no heartbeats."
        )
    }
}
