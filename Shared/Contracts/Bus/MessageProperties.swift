public import Bus
import Foundation
public import Observability

/// Who publishes: a message's `app_id`.
public enum ServiceName: String, Sendable {
    case edge = "ws-edge"
    case registry
    case gateway = "api-gateway"
}

extension MessageProperties {
    /// The version of the contract, in every message.
    public static let versionHeader = "x-perpetua-version"
    public static let version = "1"

    /// What every message carries (docs/contract.md §4).
    /// - Parameters:
    ///   - type: what the message is, in a word.
    ///   - service: the publisher; `nil` for questions: ``Requester`` fills it in.
    ///   - id: `nil`: one nobody else uses.
    ///   - time: seconds since 1970; `nil`: now.
    ///   - trace: the trace it belongs to; `nil`: the running task's, or a new one.
    public init(
        _ type: String, from service: ServiceName?, id: String? = nil, at time: Int64? = nil, trace: TraceParent? = nil
    ) {
        self.init()
        self.type = type
        appID = service?.rawValue
        messageID = id ?? UniqueNumber.word
        timestamp = time ?? Int64(Date().timeIntervalSince1970)
        headers = MessageHeaders(
            (Self.versionHeader, Self.version), (TraceParent.header, (trace ?? TraceParent.currentOrNew).text))
    }

    /// The trace this message belongs to; `nil` where it names none.
    public var trace: TraceParent? { headers[TraceParent.header].flatMap { TraceParent($0) } }
}
