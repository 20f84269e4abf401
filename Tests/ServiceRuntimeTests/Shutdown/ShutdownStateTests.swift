import Testing

@testable import ServiceRuntime

@Suite("Stopping the process")
struct ShutdownStateTests {
    /// `#expect` cannot call a mutating function directly.
    private func begin(_ state: inout ShutdownState) -> Bool { state.begin() }

    private let start = ContinuousClock.now

    @Test("the first signal asks, the second does not wait")
    func signals() {
        var state = ShutdownState()
        #expect(state.received(signal: 15, at: start) == .stopGracefully)
        #expect(begin(&state) == true)
        #expect(state.received(signal: 2, at: start + .seconds(1)) == .exitAtOnce(code: 130))
        #expect(state.received(signal: 15, at: start + .seconds(2)) == .exitAtOnce(code: 143))
    }

    @Test("one request that arrives as two signals is one")
    func doubled() {
        var state = ShutdownState()
        #expect(state.received(signal: 15, at: start) == .stopGracefully)
        #expect(state.received(signal: 15, at: start + .milliseconds(1)) == .wait)
        #expect(state.received(signal: 15, at: start + .milliseconds(501)) == .exitAtOnce(code: 143))
    }

    @Test("the clock starts once")
    func clock() {
        var state = ShutdownState()
        #expect(begin(&state) == true)
        #expect(begin(&state) == false)
    }

    @Test("where a failed service already stops the process, the first signal waits with it")
    func afterFailure() {
        var state = ShutdownState()
        #expect(begin(&state) == true)
        #expect(state.received(signal: 15, at: start) == .wait)
        #expect(state.received(signal: 15, at: start + .seconds(1)) == .exitAtOnce(code: 143))
    }
}
