import NIOCore
import Testing

@testable import WSEdge

@Suite("HeartbeatWatch")
struct HeartbeatWatchTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a bot without heartbeats is not watched")
    func noHeartbeats() {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heard(at: start + .seconds(5))
        #expect(watch.deadline == nil)
    }

    @Test("three intervals of silence are too long, and never less than the least silence")
    func silence() {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heartbeat(milliseconds: 5_000, at: start)
        #expect(watch.deadline == start + .seconds(30))
        watch.heartbeat(milliseconds: 20_000, at: start)
        #expect(watch.deadline == start + .seconds(60))
        watch.heard(at: start + .seconds(7))
        #expect(watch.deadline == start + .seconds(67))
    }

    @Test("a message that goes on arriving is a sign of life; one that stands still is none, nor is there being none")
    func arriving() {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heartbeat(milliseconds: 5_000, at: start)
        watch.arriving(0, at: start + .seconds(10))
        #expect(watch.deadline == start + .seconds(30))
        watch.arriving(1_000, at: start + .seconds(20))
        #expect(watch.deadline == start + .seconds(50))
        watch.arriving(2_000, at: start + .seconds(50))
        #expect(watch.deadline == start + .seconds(80))
        watch.arriving(2_000, at: start + .seconds(80))
        #expect(watch.deadline == start + .seconds(80))
    }

    @Test("an absurd interval is ignored", arguments: [0, -5, Int64.max, Int64.min, nil])
    func absurd(interval: Int64?) {
        var watch = HeartbeatWatch(leastSilence: .seconds(30), at: start)
        watch.heartbeat(milliseconds: interval, at: start)
        #expect(watch.deadline == nil)
    }
}
