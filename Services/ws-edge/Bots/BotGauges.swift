import Contracts
import Metrics
import NIOCore
import Observability

/// The state of all links as gauges, set once a second. A bot of `bots[]` is labelled with its entry's number; others,
/// of which there may be any number, are summed up.
struct BotGauges: Sendable {
    /// One bot as it is now.
    struct Sample {
        let configuredIndex: Int?
        let isOnline: Bool
        /// How long ago its last event was; `nil` where it was never connected here.
        let silence: TimeAmount?
        let waiting: (count: Int, bytes: Int)
        /// Actions that wait for their turn.
        let paced: Int
        let isSilent: Bool
    }

    private let up = MetricNames.bots.gauge("up")
    private let down = MetricNames.bots.gauge("down")
    private let waiting = MetricNames.actionsWaiting.gauge()
    private let waitingBytes = MetricNames.actionsWaitingBytes.gauge()
    private let paced = MetricNames.pacedWaiting.gauge()
    private let entryUp: [Meter]
    private let entrySilent: [Meter]
    private let entryAge: [Meter]
    private let othersSilent = MetricNames.botSilent.gauge("others")
    private let othersAge = MetricNames.botEventAge.gauge("others")

    /// - Parameter entries: how many there are in `bots[]`.
    init(entries: Int) {
        entryUp = (0..<entries).map { MetricNames.botUp.gauge("\($0)") }
        entrySilent = (0..<entries).map { MetricNames.botSilent.gauge("\($0)") }
        entryAge = (0..<entries).map { MetricNames.botEventAge.gauge("\($0)") }
    }

    func set(_ bots: [Sample]) {
        up.set(bots.count { $0.isOnline })
        down.set(bots.count { !$0.isOnline })
        waiting.set(bots.map(\.waiting.count).reduce(0, +))
        waitingBytes.set(bots.map(\.waiting.bytes).reduce(0, +))
        paced.set(bots.map(\.paced).reduce(0, +))
        for entry in entryUp.indices {
            let bot = bots.first { $0.configuredIndex == entry }
            entryUp[entry].set(bot?.isOnline == true ? 1 : 0)
            entrySilent[entry].set(bot?.isSilent == true ? 1 : 0)
            entryAge[entry].set(Self.seconds(bot?.silence))
        }
        let others = bots.filter { $0.configuredIndex == nil && $0.isOnline }
        othersSilent.set(others.count { $0.isSilent })
        othersAge.set(Self.seconds(others.compactMap(\.silence).max()))
    }

    /// Not a number where there is no such event.
    private static func seconds(_ silence: TimeAmount?) -> Double {
        silence.map { Double($0.nanoseconds) / 1e9 } ?? .nan
    }
}
