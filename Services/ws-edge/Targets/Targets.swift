import Bus
import Claims
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import Synchronization

/// Everything that Perpetua reaches by itself (`reverse_websockets[]`, `webhooks[]`): claims each, and while the claim
/// is held does its work for every bot that is known and that it wants.
final class Targets: Sendable {
    private let targets: [Target]
    private let door: TargetDoor
    private let presence: PresenceView
    private let claims: EntryClaims
    private let group: any EventLoopGroup
    private let timing: TargetTiming
    /// One for each target; rung when bots became known.
    private let news: [Alarm]
    /// Who each target is to others: kept while the claim comes and goes.
    private let seats: Mutex<[TargetSeats]>

    /// - Parameter accounts: those given in `bots[]`, in their order.
    init(
        _ targets: [Target], door: TargetDoor, presence: PresenceView, accounts: [Int64], claims: EntryClaims,
        group: any EventLoopGroup, timing: TargetTiming = TargetTiming()
    ) {
        self.targets = targets
        self.door = door
        self.presence = presence
        self.claims = claims
        self.group = group
        self.timing = timing
        news = targets.map { _ in Alarm(eventLoop: group.next()) }
        let bots = accounts.map { SelfID($0) }
        seats = Mutex(targets.map { TargetSeats($0.configuration, bots: bots) })
    }

    /// Runs until cancelled; every connection is closed then.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            for index in targets.indices {
                tasks.addTask { await self.claim(of: index).run { await self.serve(index) } }
            }
        }
    }

    /// Presence has told of bots.
    func heard() { for alarm in news { alarm.ring() } }

    /// The edge is stopping: what is open is drained with all other sessions, and nothing is dialled any more.
    func drain() { door.close() }

    private func claim(of index: Int) -> Claim {
        let target = targets[index]
        var logger = door.logger
        logger[metadataKey: LogKeys.target] = "\(target.configuration.entry)"
        return claims.claim(
            kind: target.claim.kind, name: target.claim.name, on: group.next(), timing: ClaimTiming(),
            patience: target.patience, logger: logger)
    }

    /// What the holder of a target's claim does.
    private func serve(_ index: Int) async {
        await withDiscardingTaskGroup { tasks in
            let began = seats.withLock { Array($0[index].seats.values) }
            for seat in began { tasks.addTask { await self.serve(index, seat) } }
            while !Task.isCancelled {
                let known = presence.current.bots.values
                for seat in seats.withLock({ $0[index].fill(from: known) }) {
                    tasks.addTask { await self.serve(index, seat) }
                }
                await news[index].wait(for: .seconds(3600))
            }
        }
    }

    private func serve(_ index: Int, _ seat: TargetSeat) async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await self.targets[index].work(seat) }
            tasks.addTask { await self.door.keepNamed(seat, every: self.timing.nameAgainAfter) }
        }
    }
}

/// Something that Perpetua reaches by itself and that is a client all the same: a claim, so that one edge at a time is
/// at work on it, and work for each bot that it is for.
struct Target: Sendable {
    let configuration: TargetConfiguration
    /// What the claim is called: `reverse` or `webhook`, and a name that is the same on every edge and holds no secret.
    let claim: (kind: String, name: String)
    /// How long the work goes on after the claim was lost and could not be had again; `nil`: until another edge has it.
    let patience: Duration?
    /// The work for one bot. It goes on until it is cancelled.
    let work: @Sendable (TargetSeat) async -> Void
}

/// The durations of targets that are no settings; tests shorten them.
struct TargetTiming: Sendable {
    /// The time between two attempts to dial a target, give or take half of it; it stays the same for ever.
    var redial: Duration = .seconds(2)
    /// The time between two attempts to get a name that somebody else has.
    var nameAgainAfter: Duration = .seconds(2)
    /// How long after a claim was lost it may become ours again before the work that needs it stops. Another edge takes
    /// it after ``ClaimTiming/grace``.
    var claimPatience: Duration = .seconds(2)
    /// A connection that lived that long was a good one.
    var steadyAfter: Duration = .seconds(5)
}
