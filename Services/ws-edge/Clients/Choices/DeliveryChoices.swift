import OneBot
import SettingsReading

/// How a client is to be sent what it gets, as far as it may choose that: part of its ``ClientChoices``.
struct DeliveryChoices: Sendable, Hashable {
    /// `max_event_size`: events larger than that are left out, and declared missing; `nil`: none is.
    var maxEventBytes: Int?
    /// `one_answer_per_write`: for clients that keep one slot for the newest answer.
    var oneAnswerPerWrite = false
    /// `ping_interval`: for clients behind a proxy that closes what is idle; `nil`: no pings, which one library cannot
    /// take.
    var pingInterval: Duration?

    /// The limits that may be chosen; an `event_gap` fits into each.
    static let eventBytes = 1 << 10...256 << 20

    init() {}

    // MARK: From a query

    mutating func choose(_ request: inout ClientQuery) throws(ClientUpgrade.Refusal) {
        if let text = request.query("max_event_size") {
            guard let bytes = Int(text), bytes == 0 || Self.eventBytes.contains(bytes) else {
                throw ClientChoices.refusal(
                    "max_event_size", text, "Use a number of bytes from 1024 to 268435456, or 0 for no limit.")
            }
            maxEventBytes = bytes == 0 ? nil : bytes
        }
        if let text = request.query("one_answer_per_write") {
            guard let isWanted = ClientChoices.flag(text) else {
                throw ClientChoices.refusal("one_answer_per_write", text, "Use true or false.")
            }
            oneAnswerPerWrite = isWanted
        }
        if let text = request.query("ping_interval") {
            guard let number = Int64(text), number == 0 || ClientChoices.intervals.contains(.milliseconds(number))
            else {
                throw ClientChoices.refusal(
                    "ping_interval", text, "Use milliseconds from 100 to 3600000, or 0 for no pings.")
            }
            pingInterval = number == 0 ? nil : .milliseconds(number)
        }
    }

    // MARK: From settings

    /// What is not set stays as it is.
    mutating func read(_ settings: Settings, prefix: String) {
        let key = "\(prefix).max_event_size"
        let bytes = settings.bytes(key, following: maxEventBytes ?? 0, in: 0...Self.eventBytes.upperBound)
        if bytes > 0, bytes < Self.eventBytes.lowerBound {
            settings.report(key, value: "\(bytes)", remedy: "Use at least 1KiB, or 0 for no limit.")
        }
        maxEventBytes = bytes < Self.eventBytes.lowerBound ? nil : bytes
        // A webhook has no connection that answers go over.
        guard !prefix.hasPrefix("webhooks") else {
            (oneAnswerPerWrite, pingInterval) = (false, nil)
            return
        }
        oneAnswerPerWrite = settings.optionalBool("\(prefix).one_answer_per_write") ?? oneAnswerPerWrite
        readPingInterval(settings, "\(prefix).ping_interval")
    }

    private mutating func readPingInterval(_ settings: Settings, _ key: String) {
        guard let interval = settings.optionalDuration(key, in: .zero...ClientChoices.intervals.upperBound) else {
            return
        }
        if interval != .zero, interval < ClientChoices.intervals.lowerBound {
            settings.report(
                key, value: "\(Int64(interval / .milliseconds(1)))ms", remedy: "Use at least 100ms, or 0 for no pings.")
        }
        pingInterval = interval == .zero ? nil : interval
    }
}
