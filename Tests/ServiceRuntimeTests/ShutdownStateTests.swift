import Testing

@testable import ServiceRuntime

@Suite("Stopping the process")
struct ShutdownStateTests {
    /// `#expect` cannot call what mutates without a result to compare.
    private func begin(_ state: inout ShutdownState) -> Bool { state.begin() }

    @Test("the first signal asks, the second does not wait")
    func signals() {
        var state = ShutdownState()
        #expect(state.received(signal: 15) == .stopGracefully)
        #expect(begin(&state) == true)
        #expect(state.received(signal: 2) == .exitAtOnce(code: 130))
        #expect(state.received(signal: 15) == .exitAtOnce(code: 143))
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
        #expect(state.received(signal: 15) == .wait)
        #expect(state.received(signal: 15) == .exitAtOnce(code: 143))
    }
}
