import Testing

@testable import SimulatedBot

@Suite struct EventPaceTests {
    @Test("events come one interval apart")
    func interval() {
        let steps = steps(of: EventPace(rate: .perSecond(10), count: nil), at: [5000, 5100, 5130, 5200])
        #expect(steps == [.wait(.milliseconds(100)), .emit, .wait(.milliseconds(70)), .emit])
    }

    @Test("after a pause only a little is made good")
    func catchUp() {
        let steps = steps(
            of: EventPace(rate: .perSecond(100), count: nil), at: [0] + Array(repeating: 60_000, count: 100))
        #expect(steps.count { $0 == .emit } == 21)
    }

    @Test("after the count nothing follows, until the rate is changed")
    func count() {
        var pace = EventPace(rate: .unlimited, count: 2)
        #expect(steps(of: pace, at: [0, 0, 0]) == [.emit, .emit, .nothing])
        pace.change(rate: .unlimited, count: 1)
        #expect(steps(of: pace, at: [0, 0]) == [.emit, .nothing])
    }

    @Test("a rate of 0 makes nothing")
    func zero() {
        #expect(steps(of: EventPace(rate: .perSecond(0), count: nil), at: [1000]) == [.nothing])
    }

    @Test(
        "a rate is read",
        arguments: [
            ("max", EventRate.unlimited), ("0.2", .perSecond(0.2)), ("100", .perSecond(100)), ("-1", nil), ("nan", nil),
            ("inf", nil), ("fast", nil), ("", nil),
        ] as [(String, EventRate?)])
    func rate(text: String, rate: EventRate?) {
        #expect(EventRate(text) == rate)
    }

    /// - Parameter times: in milliseconds.
    private func steps(of pace: EventPace, at times: [Int]) -> [EventPace.Step] {
        var pace = pace
        return times.map { pace.step(at: .milliseconds($0)) }
    }
}
