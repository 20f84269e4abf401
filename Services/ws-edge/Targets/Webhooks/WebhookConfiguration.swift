import OneBot
import SettingsReading
import WebSocketTransport

/// One entry of `webhooks[]`: a receiver of events over HTTP POST (OneBot 11, HTTP POST).
public struct WebhookConfiguration: Sendable {
    /// `webhooks[].url`: where events are posted, `http://` or `https://`; path and query as they are written.
    /// `user:password@` becomes `Authorization: Basic`. It must be given.
    public var url: String
    /// `webhooks[].secret`: signs each request (`X-Signature`). Default: none, and then nothing is signed.
    public var secret: String?
    /// `webhooks[].timeout`: how long an answer may take, connecting included. Default 10 s.
    public var timeout: Duration
    /// `webhooks[].at_sender`: whether a quick reply in a group mentions the sender where the answer does not say.
    /// Default true, as OneBot 11 has it; NapCat, LLBot and go-cqhttp have false.
    public var atSender: Bool
    /// `webhooks[].name`, `webhooks[].self_id`, and the choices of a client (`ClientChoices`).
    public var target: TargetConfiguration

    init(_ settings: Settings, entry: String) {
        url = settings.optionalString("\(entry).url") ?? ""
        secret = settings.secret("\(entry).secret")
        if secret != nil, !WebhookSignature.isAvailable {
            settings.report(
                "\(entry).secret", value: "(hidden)",
                remedy: "Leave it out, or let OpenSSL's configuration permit HMAC-SHA1, by which OneBot signs.")
        }
        timeout = settings.duration(
            "\(entry).timeout", default: .seconds(10), in: .milliseconds(100)...(.seconds(600)))
        atSender = settings.bool("\(entry).at_sender", default: true)
        target = TargetConfiguration(settings, entry: entry, url: url.isEmpty ? nil : url)
        if (try? DialTarget(url, .http)) == nil {
            settings.report(
                "\(entry).url", value: url,
                remedy: "Write the receiver's address, as http://127.0.0.1:8080/onebot/v11/.")
        }
    }

    /// The same on every edge that has the entry, wherever in the list it stands.
    var claimName: String {
        EntryClaims.name(of: ([url] + target.selfIDs.map { "\($0)" }).joined(separator: "\n"))
    }
}
