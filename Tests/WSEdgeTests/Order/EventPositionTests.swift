import Testing

@testable import WSEdge

@Suite("EventPosition")
struct EventPositionTests {
    @Test("a message id is an epoch and a sequence")
    func messageID() {
        #expect(
            EventPosition(messageID: "1700000000000-42") == EventPosition(epoch: 1_700_000_000_000, sequence: 42))
        let largest = UInt64.max
        #expect(EventPosition(messageID: "\(largest)-\(largest)") == EventPosition(epoch: largest, sequence: largest))
    }

    @Test(
        "anything else says nothing of a position",
        arguments: [nil, "", "-", "7", "7-", "-7", "7-x", "x-7", "7-8-9", "7 - 8", "18446744073709551616-1"])
    func noPosition(_ messageID: String?) {
        #expect(EventPosition(messageID: messageID) == nil)
    }
}
