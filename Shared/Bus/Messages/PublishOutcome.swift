/// How a publish ended.
public enum PublishOutcome: Sendable, Hashable {
    /// Every queue it was routed to has taken it (or it was routed to none, and was not mandatory).
    case confirmed
    /// It was mandatory, and no queue wanted it. Nobody got it.
    case unroutable
    /// The bus refused it (too large, for one). Nobody got it; publishing it again would end the same.
    case rejected(String)
    /// The broker took it and says that it could not keep it. Somebody may have got it all the same.
    case notStored
    /// There is no connection now, or the broker takes nothing: it was not sent. Nobody got it; later it may go.
    case unreachable(String)
    /// The connection was lost before the answer: it may or may not have arrived.
    case unknown

    /// Why the bus does not want it; publishing it again would end the same.
    public var refusal: String? {
        switch self {
        case .rejected(let reason): reason
        case .notStored: "the broker could not store it"
        case .confirmed, .unroutable, .unreachable, .unknown: nil
        }
    }
}
