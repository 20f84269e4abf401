/// Why a part of a process does not do all of its work.
public struct Impairment: Sendable, Hashable {
    public enum Degree: Int, Sendable, Hashable {
        /// It waits for its turn: that is its work.
        case standby
        /// It works, but something it serves does not (a bot): another process could not serve clients better.
        case ailing
        /// It does only a part of its work.
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

/// Returns why a part does not do its work, or `nil` where it does. Called from any thread, at any time; must not wait.
public typealias HealthCheck = @Sendable () -> Impairment?

/// What `/health/ready` answers: the worst of all parts, and every reason.
public struct HealthReport: Sendable, Hashable {
    private let impairments: [Impairment]

    public init(_ checks: [HealthCheck]) {
        // Several parts may report the same trouble of the process.
        impairments = checks.compactMap { $0() }.reduce(into: []) { all, next in
            if !all.contains(next) { all.append(next) }
        }
    }

    /// 200 where all is well, where this process stands by while another is at work, or where only a bot ails; else
    /// 503: send no clients here.
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

    /// The answer of `/health/live`: that there is one says that the process is alive.
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
