import Testing

@testable import AMQP

@Suite("AckBatch")
struct AckBatchTests {
    private var batch = AckBatch()

    init() {
        for tag: UInt64 in 1...5 { batch.delivered(tag) }
    }

    /// - Parameter due: `now` for the first acknowledgement of a turn only.
    private func expect(_ batch: inout AckBatch, _ tag: UInt64, _ due: AckBatch.Due) {
        let asked = batch.acknowledge(tag)
        #expect(asked == due)
    }

    private func expect(_ batch: inout AckBatch, takes expected: [AckBatch.Ack]) {
        let taken = batch.take()
        #expect(taken == expected)
    }

    @Test("what is acknowledged in order is one acknowledgement")
    func inOrder() {
        var batch = batch
        expect(&batch, 1, .now)
        expect(&batch, 2, .settled)
        _ = batch.acknowledge(3)
        expect(&batch, takes: [.init(tag: 3, multiple: true)])
        expect(&batch, takes: [])
        expect(&batch, 4, .now)
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
        expect(&batch, 1, .settled)
        expect(&batch, 99, .settled)
        expect(&batch, takes: [])
    }

    @Test("where they may wait, the first of several is sent with the others a little later")
    func later() {
        var batch = AckBatch(mayWait: true, prefetch: 4096)
        for tag: UInt64 in 1...3 { batch.delivered(tag) }
        expect(&batch, 1, .later)
        expect(&batch, 2, .settled)
        expect(&batch, takes: [.init(tag: 2, multiple: true)])
        expect(&batch, 3, .later)
    }

    @Test(
        "however long they may wait, the broker's window stays open",
        arguments: [(prefetch: 4096 as UInt16, most: 64), (prefetch: 0, most: 64), (prefetch: 80, most: 10)])
    func crowd(_ window: (prefetch: UInt16, most: Int)) {
        var batch = AckBatch(mayWait: true, prefetch: window.prefetch)
        for tag in 1..<UInt64(window.most) { batch.delivered(tag) }
        expect(&batch, 1, .later)
        batch.delivered(UInt64(window.most))
        expect(&batch, 2, .now)
        expect(&batch, 3, .settled)
        expect(&batch, takes: [.init(tag: 3, multiple: true)])
        expect(&batch, 4, .later)
    }

    @Test("with a window that holds few, nothing waits")
    func fewOnly() {
        var batch = AckBatch(mayWait: true, prefetch: 1)
        batch.delivered(1)
        expect(&batch, 1, .now)
    }
}
