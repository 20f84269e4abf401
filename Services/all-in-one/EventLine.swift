import Foundation
import NIOCore
import OneBot
import ServiceRuntime

/// An event in a line: what kind it is, and the little of it that tells a reader what happened.
struct EventLine: Sendable {
    private static let longest = 64

    let bot: String
    /// `message.group`, `notice.group_increase.invite`
    let kind: String
    let summary: String

    init(_ event: Event) {
        bot = event.selfID.map { "\($0)" } ?? "?"
        let parts = [event.postType, event.detailType, event.postType == "message" ? nil : event.subType]
        kind = LogText.escaped(parts.compactMap { $0 }.joined(separator: "."))
        summary = Self.shortened(LogText.escaped(Self.summary(of: event.json, postType: event.postType)))
    }

    /// - Parameter time: of this line, not of the event.
    func text(time: Date, isColored: Bool) -> String {
        let dim = isColored ? "\u{1b}[2m" : ""
        let color = isColored ? "\u{1b}[36m" : ""
        let reset = isColored ? "\u{1b}[0m" : ""
        let clock = time.formatted(Date.VerbatimFormatStyle.clock)
        return "  \(dim)\(clock)\(reset)  \(Self.padded(bot, 10))  \(color)\(Self.padded(kind, 28))\(reset)  \(summary)"
    }

    private static func summary(of json: JSONObject, postType: String) -> String {
        switch postType {
        case "message", "message_sent":
            let place = json["group_id"].map { " in \(plain($0))" } ?? ""
            return "\(sender(json))\(place): \(json["raw_message"]?.string ?? "…")"
        case "distributed": return "\(client(json)): \(json["data"]?.string ?? "…")"
        case "notice" where json["client"] != nil:
            return "\(client(json)) \(json["online"]?.bool == true ? "online" : "offline")"
        default:
            let names = ["group_id", "user_id", "operator_id", "target_id", "message_id", "comment", "duration"]
            return names.compactMap { name in json[name].map { "\(name) \(plain($0))" } }.joined(separator: ", ")
        }
    }

    private static func sender(_ json: JSONObject) -> String {
        let sender = json["sender"]?.object
        let names = [sender?["card"]?.string, sender?["nickname"]?.string].compactMap { $0 }
        return names.first { !$0.isEmpty } ?? json["user_id"].map(plain) ?? "?"
    }

    private static func client(_ json: JSONObject) -> String {
        let client = json["client"]?.object
        return client?["client_name"]?.string ?? client?["app_id"]?.string ?? "?"
    }

    private static func plain(_ value: JSONText) -> String {
        value.string ?? String(buffer: value.bytes)
    }

    private static func shortened(_ text: String) -> String {
        text.count <= longest ? text : text.prefix(longest - 1) + "…"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Date.VerbatimFormatStyle {
    /// `21:38:34`, local time.
    fileprivate static let clock = Date.VerbatimFormatStyle(
        format:
            "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
        timeZone: .current, calendar: Calendar(identifier: .gregorian))
}
