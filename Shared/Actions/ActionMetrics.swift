import Metrics
public import NIOCore
import Observability
import OneBot

/// What an operator sees of the actions that came through one door: how they ended, and how long they took.
public struct ActionMetrics: Sendable {
    public enum Door: String, Sendable { case websocket, http, amqp }

    private let counters: [Counter]
    private let duration: Metrics.Timer

    public init(door: Door) {
        counters = ActionOutcome.allCases.map { MetricNames.actions.counter(door.rawValue, $0.rawValue) }
        duration = MetricNames.actionDuration.timer(door.rawValue)
    }

    /// An action was answered.
    /// - Parameter response: as it goes to the asker.
    public func answered(with response: ByteBuffer, after time: TimeAmount) {
        counters[ActionOutcome(of: response).index].increment()
        duration.recordNanoseconds(time.nanoseconds)
    }
}

/// How an action ended, by its response.
enum ActionOutcome: String, Sendable, CaseIterable {
    case ok
    /// Accepted; the result will not be known.
    case async
    case failed
    /// 1503: the bot, the broker or the registry could not be reached.
    case unavailable
    /// 1504: no answer in time.
    case timedOut = "timed_out"

    init(of response: ByteBuffer) {
        if response.readableBytesView.starts(with: Self.commonStart) {
            self = .ok
            return
        }
        // `try?`: an answer that is not an object counts as failed.
        guard let members = try? JSONObject(response) else {
            self = .failed
            return
        }
        switch (members["status"]?.string, members["retcode"]?.int64) {
        case ("ok", _): self = .ok
        case ("async", _): self = .async
        case (_, Int64(RetCode.unavailable.rawValue)): self = .unavailable
        case (_, Int64(RetCode.timedOut.rawValue)): self = .timedOut
        default: self = .failed
        }
    }

    /// How nearly every response begins; the rest of such a response is not read.
    private static let commonStart = Array(#"{"status":"ok","#.utf8)

    fileprivate var index: Int {
        switch self {
        case .ok: 0
        case .async: 1
        case .failed: 2
        case .unavailable: 3
        case .timedOut: 4
        }
    }
}
