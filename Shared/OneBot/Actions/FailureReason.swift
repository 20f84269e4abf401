/// Why an action failed, as one of our retcodes: ``Response/failed(_:_:)`` needs one. Where the action may be sent
/// again, the reason also has to say whether that is safe.
public enum FailureReason: Sendable, Hashable {
    case badRequest, unauthorized, forbidden, notFound, notAcceptable, conflict, tooLarge
    /// The answer, or the rest of it, is too large; the action has been sent.
    case answerTooLarge
    /// Never carried out. `queuePosition`: the place it would have had in a queue that was full.
    case rateLimited(retryAfter: Duration, queuePosition: Int? = nil)
    case unreadableAnswer
    case unavailable(CarriedOut)
    case timedOut(CarriedOut)
    /// A bot's own retcode, as the simulated bot uses it: it is too small to be one of ours.
    case bots(UInt8)

    public var retcode: RetCode {
        switch self {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .notAcceptable: .notAcceptable
        case .conflict: .conflict
        case .tooLarge, .answerTooLarge: .tooLarge
        case .rateLimited: .rateLimited
        case .unreadableAnswer: .unreadableAnswer
        case .unavailable: .unavailable
        case .timedOut: .timedOut
        case .bots(let number): RetCode(rawValue: Int(number))
        }
    }

    /// The value of `data.carried_out`; `nil` where the retcode says enough: the action was wrong, and has to be mended
    /// first.
    public var carriedOut: CarriedOut? {
        switch self {
        case .badRequest, .unauthorized, .forbidden, .notFound, .notAcceptable, .conflict, .tooLarge, .bots: nil
        case .rateLimited(let retryAfter, _): .no(retryAfter: retryAfter)
        case .answerTooLarge, .unreadableAnswer: .unknown
        case .unavailable(let carriedOut), .timedOut(let carriedOut): carriedOut
        }
    }

    var queuePosition: Int? {
        if case .rateLimited(_, let position) = self { position } else { nil }
    }
}

/// Whether an action that failed may have been carried out nevertheless. If so, a program must not repeat it by itself.
public enum CarriedOut: Sendable, Hashable {
    /// It was not, and will not be: it never reached the bot's connection. It may be sent again after that time.
    case no(retryAfter: Duration = .seconds(1))
    case unknown

    /// As `data.carried_out` has it.
    public var word: String {
        switch self {
        case .no: "no"
        case .unknown: "unknown"
        }
    }

    public var retryAfter: Duration? {
        switch self {
        case .no(let retryAfter): retryAfter
        case .unknown: nil
        }
    }
}
