import NIOCore
import Testing

@testable import Actions

@Suite("How an action ended")
struct ActionOutcomeTests {
    @Test(
        "as its response says",
        arguments: [
            (#"{"status":"ok","retcode":0,"data":null}"#, ActionOutcome.ok),
            (#"{ "data":{"status":"failed"},"retcode":0,"status" : "ok" }"#, .ok),
            (#"{"status":"async","retcode":1}"#, .async),
            (#"{"status":"failed","retcode":1503}"#, .unavailable),
            (#"{"status":"failed","retcode":1504}"#, .timedOut),
            (#"{"status":"failed","retcode":100}"#, .failed),
            (#"{"retcode":0}"#, .failed),
            ("nonsense", .failed),
        ])
    func outcome(response: String, expected: ActionOutcome) {
        #expect(ActionOutcome(of: ByteBuffer(string: response)) == expected)
    }
}
