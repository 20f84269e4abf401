import NIOCore
import Testing

@testable import WSEdge

@Suite("CircuitBreaker")
struct CircuitBreakerTests {
    private let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    private func breaker(threshold: Int = 3, probe: Duration = .seconds(10)) -> CircuitBreaker {
        CircuitBreaker(threshold: threshold, probeInterval: probe)
    }

    private func opened() -> CircuitBreaker {
        var breaker = breaker()
        _ = breaker.timedOut(3, at: start)
        return breaker
    }

    private func probing() -> CircuitBreaker {
        var breaker = opened()
        _ = breaker.wake(at: start + .seconds(10))
        return breaker
    }

    @Test("so many timeouts in a row open it, fewer do not")
    func opens() {
        var breaker = breaker()
        #expect(breaker.timedOut(1, at: start) == false)
        #expect(breaker.timedOut(0, at: start) == false)
        #expect(breaker.timedOut(1, at: start) == false)
        #expect(!breaker.isOpen)
        #expect(breaker.nextWake == nil)
        #expect(breaker.timedOut(1, at: start) == true)
        #expect(breaker.isOpen)
        #expect(breaker.state == .open(probe: start + .seconds(10)))
        #expect(breaker.nextWake == start + .seconds(10))
        #expect(breaker.retryAfter(at: start + .seconds(4)) == .seconds(6))
    }

    @Test("an answer in between begins the count anew")
    func consecutive() {
        var breaker = breaker()
        #expect(breaker.timedOut(2, at: start) == false)
        #expect(breaker.answered(at: start) == false)
        #expect(breaker.lastAnswer == start)
        #expect(breaker.timedOut(2, at: start) == false)
        #expect(breaker.timedOut(1, at: start) == true)
    }

    @Test("with a threshold of 0 it never opens")
    func off() {
        var breaker = breaker(threshold: 0)
        for _ in 1...10 { #expect(breaker.timedOut(1000, at: start) == false) }
        #expect(breaker.state == .closed(timeouts: 0))
    }

    @Test("open: more timeouts change nothing, an answer closes it")
    func openInputs() {
        var breaker = opened()
        #expect(breaker.timedOut(5, at: start + .seconds(1)) == false)
        #expect(breaker.state == .open(probe: start + .seconds(10)))
        #expect(breaker.wake(at: start + .seconds(9)) == false)
        #expect(breaker.answered(at: start + .seconds(9)) == true)
        #expect(breaker.state == .closed(timeouts: 0))
        #expect(breaker.nextWake == nil)
    }

    @Test("when its time has come the bot is probed, once")
    func probes() {
        var breaker = opened()
        let now = start + .seconds(10)
        #expect(breaker.wake(at: now) == true)
        #expect(breaker.state == .probing(until: now + .seconds(5), next: now + .seconds(10)))
        #expect(breaker.isOpen)
        #expect(breaker.wake(at: now + .seconds(4)) == false)
        #expect(breaker.nextWake == now + .seconds(5))
    }

    @Test("a probe that is not answered is followed by another, an interval after it")
    func probesAgain() {
        var breaker = probing()
        let probed = start + .seconds(10)
        #expect(breaker.timedOut(1, at: probed + .seconds(5)) == false)
        #expect(breaker.wake(at: probed + .seconds(5)) == false)
        #expect(breaker.state == .open(probe: probed + .seconds(10)))
        #expect(breaker.wake(at: probed + .seconds(10)) == true)
    }

    @Test("probing: an answer closes it")
    func probeAnswered() {
        var breaker = probing()
        #expect(breaker.answered(at: start + .seconds(11)) == true)
        #expect(!breaker.isOpen)
        #expect(breaker.wake(at: start + .seconds(30)) == false)
    }

    @Test("with a short interval the next probe follows the last at once")
    func shortInterval() {
        var breaker = breaker(threshold: 1, probe: .milliseconds(100))
        _ = breaker.timedOut(1, at: start)
        #expect(breaker.wake(at: start + .milliseconds(100)) == true)
        #expect(breaker.probeTimeout == .milliseconds(100))
        #expect(breaker.wake(at: start + .milliseconds(200)) == true)
    }

    @Test("there is always a moment to come back at")
    func retryAfter() {
        #expect(opened().retryAfter(at: start + .seconds(60)) == .milliseconds(1))
        #expect(breaker().retryAfter(at: start) == .milliseconds(1))
    }
}
