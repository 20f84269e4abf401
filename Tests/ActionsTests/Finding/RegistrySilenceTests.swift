import Testing

@testable import Actions

@Suite("A registry that does not answer") struct RegistrySilenceTests {
    private let start = ContinuousClock.now

    @Test("having waited for it in vain once, nobody waits for it again for a while")
    func waited() {
        let silence = RegistrySilence()
        #expect(!silence.isOn(at: start))
        silence.failed(askedAt: start, at: start + .seconds(2))
        #expect(silence.isOn(at: start + .seconds(2)))
        #expect(silence.isOn(at: start + .seconds(6)))
        #expect(!silence.isOn(at: start + .seconds(7)))
    }

    @Test("where nobody is there to be asked, that is known at once, and asked again each time")
    func nobody() {
        let silence = RegistrySilence()
        silence.failed(askedAt: start, at: start + .milliseconds(5))
        #expect(!silence.isOn(at: start + .milliseconds(5)))
    }

    @Test("an answer ends it")
    func answered() {
        let silence = RegistrySilence()
        silence.failed(askedAt: start, at: start + .seconds(2))
        silence.answered()
        #expect(!silence.isOn(at: start + .seconds(2)))
    }
}
