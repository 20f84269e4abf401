import NIOCore
import Testing

@testable import WebSocketTransport

@Suite("Keepalive")
struct KeepaliveTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var keepalive: Keepalive

    init() { keepalive = Keepalive(interval: .seconds(20), now: start) }

    @Test("it pings at each interval, and not before")
    mutating func pings() {
        #expect(keepalive.tick(now: start, isListening: true) == .wait(until: start + .seconds(20)))
        #expect(keepalive.tick(now: start + .seconds(20), isListening: true) == .ping(wakeAt: start + .seconds(40)))
        #expect(keepalive.tick(now: start + .seconds(25), isListening: true) == .wait(until: start + .seconds(40)))
    }

    @Test("two pings with nothing heard end it when the third is due")
    mutating func givesUp() {
        _ = keepalive.tick(now: start + .seconds(20), isListening: true)
        _ = keepalive.tick(now: start + .seconds(40), isListening: true)
        #expect(keepalive.tick(now: start + .seconds(60), isListening: true) == .giveUp)
    }

    @Test("whatever is heard starts the count again")
    mutating func heard() {
        _ = keepalive.tick(now: start + .seconds(20), isListening: true)
        _ = keepalive.tick(now: start + .seconds(40), isListening: true)
        keepalive.heard()
        #expect(keepalive.tick(now: start + .seconds(60), isListening: true) == .ping(wakeAt: start + .seconds(80)))
        _ = keepalive.tick(now: start + .seconds(80), isListening: true)
        #expect(keepalive.tick(now: start + .seconds(100), isListening: true) == .giveUp)
    }

    @Test("where silence is tolerated it pings for ever")
    func tolerated() {
        var keepalive = Keepalive(interval: .seconds(20), silence: .isTolerated, now: start)
        for seconds in stride(from: Int64(20), through: 200, by: 20) {
            let now = start + .seconds(seconds)
            let action = keepalive.tick(now: now, isListening: true)
            #expect(action == .ping(wakeAt: now + .seconds(20)))
        }
    }

    @Test("silence counts for nothing while we do not read")
    mutating func notListening() {
        for seconds in stride(from: Int64(20), through: 200, by: 20) {
            let now = start + .seconds(seconds)
            #expect(keepalive.tick(now: now, isListening: false) == .ping(wakeAt: now + .seconds(20)))
        }
    }
}
