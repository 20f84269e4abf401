import Bus
import TestSupport
import Testing

@testable import Claims

/// Two edges want the same thing. Everything they do is done step by step (``ClaimWorld``).
@Suite("Claim: two edges, one broker, one clock", .timeLimit(.minutes(2)))
struct ClaimTests {
    private static let seeds = 1...(150 as UInt64)

    // MARK: An entry

    @Test("whatever happens between any two steps, one edge at a time has an entry, and afterwards one is at work")
    func entries() {
        for seed in Self.seeds {
            let world = ClaimWorld(seed: seed, isOfBot: false)
            for edge in world.edges { world.begin(edge) }
            world.trouble(for: .seconds(60))
            world.pass(.seconds(20))
            let worker = world.workers
            #expect(worker.count == 1, "seed \(seed)")
            #expect(world.holders == worker, "seed \(seed)")
            world.pass(.seconds(60))
            #expect(world.workers == worker, "seed \(seed)")
            for edge in world.edges { world.stop(edge) }
            world.pass(.seconds(10))
            #expect(world.workers.isEmpty && world.isFree, "seed \(seed)")
        }
    }

    @Test("an entry that was held is taken over when it has been free for the grace, and not before")
    func takeover() {
        let world = ClaimWorld(seed: 1, isOfBot: false)
        world.begin(world.first)
        world.pass(.zero)
        #expect(world.workers == ["a"], "one that was free is taken at once")
        world.begin(world.second)
        world.pass(.milliseconds(500))
        world.first.bus.inner.lose()
        world.pass(.milliseconds(1990))
        #expect(world.workers == ["a"], "it outlives its loss for a while")
        world.pass(.milliseconds(20))
        #expect(world.workers == [])
        world.pass(.milliseconds(1480))
        #expect(world.workers == [], "seen free 500 ms after it was")
        world.pass(.milliseconds(20))
        #expect(world.workers == ["b"])
        world.restore(world.first)
        world.pass(.seconds(30))
        #expect(world.workers == ["b"])
    }

    @Test("a holder that comes back within the grace is at work all the time")
    func comesBack() {
        let world = ClaimWorld(seed: 1, isOfBot: false)
        world.begin(world.first)
        world.pass(.zero)
        world.begin(world.second)
        world.pass(.zero)
        for seconds in [0.1, 0.5, 1, 1.5] {
            world.first.bus.inner.lose()
            world.pass(.seconds(seconds))
            #expect(world.workers == ["a"])
            #expect(world.holders == [])
            world.restore(world.first)
            world.pass(.milliseconds(200))
            #expect(world.holders == ["a"])
        }
    }

    // MARK: A bot

    @Test(
        "whatever happens between any two steps, one edge at a time has a bot, and afterwards the newest link gets it")
    func bots() {
        for seed in Self.seeds {
            let world = ClaimWorld(seed: seed, isOfBot: true)
            for edge in world.edges { world.begin(edge) }
            world.trouble(for: .seconds(60))
            for edge in world.edges { edge.want(nil) }
            world.pass(.seconds(20))
            #expect(world.holders.isEmpty && world.isFree, "seed \(seed)")
            world.first.want(1_000_000)
            world.pass(.seconds(3))
            #expect(world.holders == ["a"], "seed \(seed)")
            world.second.want(2_000_000)
            world.pass(.seconds(3))
            #expect(world.holders == ["b"], "seed \(seed)")
            world.first.want(1_500_000)
            world.pass(.seconds(3))
            #expect(world.holders == ["b"], "seed \(seed)")
            #expect(world.first.believes.refusals.last == "edge b holds bot 1 by a newer connection", "seed \(seed)")
            for edge in world.edges { world.stop(edge) }
            world.pass(.seconds(10))
            #expect(world.isFree, "seed \(seed)")
        }
    }

    @Test("a question that went with its holder's queue is asked again after 100 ms")
    func lostQuestion() {
        let world = ClaimWorld(seed: 1, isOfBot: true)
        for edge in world.edges { world.begin(edge) }
        world.first.want(1)
        world.pass(.zero)
        #expect(world.holders == ["a"])
        world.second.bus.expect(.lostMessage)
        world.second.want(2)
        world.pass(.milliseconds(90))
        #expect(world.holders == ["a"])
        world.pass(.milliseconds(120))
        #expect(world.holders == ["b"])
    }

    @Test("a holder that says nothing for 10 s keeps the bot")
    func silence() {
        let world = ClaimWorld(seed: 1, isOfBot: true)
        for edge in world.edges { world.begin(edge) }
        world.first.want(1)
        world.pass(.zero)
        for _ in 0..<20 { world.second.bus.expect(.lostMessage) }
        world.second.want(2)
        world.pass(.seconds(9))
        #expect(world.second.believes.refusals == [])
        world.pass(.seconds(3))
        #expect(world.second.believes.refusals == ["the edge that has the bot does not answer"])
        #expect(world.holders == ["a"])
    }

    @Test("what could not be published is published once the bus works, and no sooner")
    func saidAgain() {
        let world = ClaimWorld(seed: 1, isOfBot: true)
        world.begin(world.first)
        world.first.want(1)
        world.pass(.zero)
        world.first.bus.inner.block()
        world.first.publishFailed()
        world.pass(.seconds(5))
        #expect(world.holders == [])
        world.restore(world.first)
        world.pass(.milliseconds(100))
        #expect(world.holders == ["a"])
    }
}
