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
