import Testing

@testable import WSEdge

@Suite("EventSequence")
struct EventSequenceTests {
    @Test("events are numbered from 1 without holes")
    func numbers() {
        var sequence = EventSequence()
        sequence.begin(at: 1_700_000_000_123)
        #expect(sequence.next() == "1700000000123-1")
        #expect(sequence.next() == "1700000000123-2")
    }

    @Test("an epoch is the time it starts, and always higher than the last", arguments: [1_000, 999, 0] as [UInt64])
    func epochsRise(second: UInt64) {
        var sequence = EventSequence()
        sequence.begin(at: 1_000)
        _ = sequence.next()
        sequence.begin(at: second)
        #expect(sequence.epoch == 1_001)
        #expect(sequence.next() == "1001-1")
    }

    @Test("a later epoch takes the time")
    func laterEpoch() {
        var sequence = EventSequence()
        sequence.begin(at: 1_000)
        sequence.begin(at: 5_000)
        #expect(sequence.epoch == 5_000)
    }
}
