import Testing

@testable import AMQP

@Suite("AckBatch")
struct AckBatchTests {
    private var batch = AckBatch()

    init() {
        for tag: UInt64 in 1...5 { batch.delivered(tag) }
    }

    /// - Parameter isFirst: only the first of a turn asks for the end of the turn.
    private func expect(_ batch: inout AckBatch, _ tag: UInt64, _ isFirst: Bool) {
        let asked = batch.acknowledge(tag)
        #expect(asked == isFirst)
    }

    private func expect(_ batch: inout AckBatch, takes expected: [AckBatch.Ack]) {
        let taken = batch.take()
        #expect(taken == expected)
    }

    @Test("what is acknowledged in order is one acknowledgement")
    func inOrder() {
        var batch = batch
        expect(&batch, 1, true)
        expect(&batch, 2, false)
        _ = batch.acknowledge(3)
        expect(&batch, takes: [.init(tag: 3, multiple: true)])
        expect(&batch, takes: [])
        expect(&batch, 4, true)
        expect(&batch, takes: [.init(tag: 4, multiple: false)])
    }

    @Test("what is acknowledged out of order is acknowledged one by one")
    func outOfOrder() {
        var batch = batch
        for tag: UInt64 in [1, 3, 5] { _ = batch.acknowledge(tag) }
        expect(
            &batch,
            takes: [
                .init(tag: 1, multiple: false), .init(tag: 3, multiple: false), .init(tag: 5, multiple: false),
            ])
        for tag: UInt64 in [4, 2] { _ = batch.acknowledge(tag) }
        expect(&batch, takes: [.init(tag: 4, multiple: true)])
    }

    @Test("a second acknowledgement, which would close the channel, is none")
    func twice() {
        var batch = batch
        _ = batch.acknowledge(1)
        _ = batch.acknowledge(1)
        expect(&batch, takes: [.init(tag: 1, multiple: false)])
        expect(&batch, 1, false)
        expect(&batch, 99, false)
        expect(&batch, takes: [])
    }
}
