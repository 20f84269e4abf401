/// Why a part of a process does not do all of its work.
public struct Impairment: Sendable, Hashable {
    public enum Degree: Int, Sendable, Hashable {
        /// It waits for its turn: that is its work.
        case standby
        /// It serves, and something it serves does not: sending people elsewhere would not help them.
        case ailing
        /// It does a part of its work.
        case degraded
        case unavailable
    }

    public let degree: Degree
    /// A sentence for people, without secrets.
    public let reason: String

    public init(_ degree: Degree, _ reason: String) {
        self.degree = degree
        self.reason = reason
    }
}

/// Says why its part does not do its work, or `nil` where it does. Called from any thread, at any time; must not wait.
public typealias HealthCheck = @Sendable () -> Impairment?

/// What `/health/ready` answers: the worst of all parts, and every reason.
public struct HealthReport: Sendable, Hashable {
    private let impairments: [Impairment]

    public init(_ checks: [HealthCheck]) {
        // What ails the process more than one of its parts may say.
        impairments = checks.compactMap { $0() }.reduce(into: []) { all, next in
            if !all.contains(next) { all.append(next) }
        }
    }

    /// 200 where all is well, where another one is at work and this one stands by, or where a bot ails; else 503: do not send anybody here.
    public var httpStatus: Int {
        switch worst {
        case nil, .standby, .ailing: 200
        case .degraded, .unavailable: 503
        }
    }

    public var json: String {
        guard !impairments.isEmpty else { return #"{"status":"ok"}"# }
        let reasons = impairments.map { Self.quoted($0.reason) }.joined(separator: ",")
        return #"{"status":"\#(status)","reasons":[\#(reasons)]}"#
    }

    /// What `/health/live` answers: the process does.
    public static let alive = HealthReport([])

    private var worst: Impairment.Degree? { impairments.map(\.degree).max { $0.rawValue < $1.rawValue } }

    private var status: String {
        switch worst {
        case nil: "ok"
        case .standby: "standby"
        case .ailing, .degraded: "degraded"
        case .unavailable: "unavailable"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<" ": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
