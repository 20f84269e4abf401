import NIOCore
import Synchronization

/// Every session of this edge: one ``HubShard`` per event loop.
final class Hub: Sendable {
    let shards: [HubShard]
    private let lastSession = Atomic<UInt64>(0)

    /// - Parameter hasTargets: whether there are clients that begin because of a bot.
    init(
        group: any EventLoopGroup, heartbeatInterval: Duration, hasTargets: Bool = false, metrics: EdgeMetrics
    ) {
        var shards: [HubShard] = []
        for eventLoop in group.makeIterator() {
            shards.append(
                HubShard(
                    eventLoop: eventLoop, heartbeatInterval: heartbeatInterval, hasTargets: hasTargets,
                    metrics: metrics))
        }
        self.shards = shards
    }

    private let sessions = Atomic<Int>(0)

    /// How many sessions there are, on all loops.
    var count: Int { sessions.load(ordering: .relaxed) }

    func changeCount(by difference: Int) { sessions.wrappingAdd(difference, ordering: .relaxed) }

    /// Waits until no session is left, at most until `deadline`.
    func empty(until deadline: ContinuousClock.Instant) async {
        while count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The shard of a connection's loop.
    func shard(on eventLoop: any EventLoop) -> HubShard {
        shards.first { $0.eventLoop === eventLoop } ?? shards[0]
    }

    /// The number of a new session; it names its shard too, so that an answer finds its way without a table.
    func nextSessionID(on shard: HubShard) -> UInt64 {
        let number = lastSession.wrappingAdd(1, ordering: .relaxed).newValue
        let index = shards.firstIndex { $0 === shard } ?? 0
        return number * UInt64(shards.count) + UInt64(index)
    }

    func shard(of session: UInt64) -> HubShard { shards[Int(session % UInt64(shards.count))] }

    /// Gives work to every shard.
    /// - Returns: the bytes waiting in the fullest of them.
    @discardableResult
    func enqueue(_ work: ShardWork) -> Int {
        var most = 0
        for shard in shards { most = max(most, shard.enqueue(work)) }
        return most
    }

    /// Gives work to the shard of that session.
    /// - Returns: the bytes waiting there.
    @discardableResult
    func enqueue(_ work: ShardWork, to session: UInt64) -> Int { shard(of: session).enqueue(work) }

    var backlogBytes: Int { shards.map(\.backlogBytes).max() ?? 0 }

    /// What waits in all shards together.
    var totalBacklogBytes: Int { shards.map(\.backlogBytes).reduce(0, +) }

    /// Starts heartbeats (none with an interval of 0) and deadlines; they go on until the returned tasks are cancelled.
    func startTimers(heartbeatInterval: Duration) -> [RepeatedTask] {
        shards.flatMap { shard in
            var timers = [
                shard.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                    shard.tick(now: .now())
                }
            ]
            if heartbeatInterval > .zero {
                let interval = TimeAmount(heartbeatInterval)
                timers.append(
                    shard.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                        shard.heartbeat(time: UnixTime.now)
                    })
            }
            return timers
        }
    }
}
