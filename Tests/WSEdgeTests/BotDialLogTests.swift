import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("DialLog")
struct DialLogTests {
    @Test("each failure names its likely cause")
    func causes() {
        #expect(
            DialLog.likelyCause(of: .cannotConnect("ws://h", reason: "Connection refused (111)")).contains("running"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 401, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 403, body: "")).contains("access_token"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 404, body: "")).contains("path"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 200, body: "")).contains("HTTP"))
        #expect(DialLog.likelyCause(of: .refused("ws://h", status: 426, body: "")).contains("HTTP"))
    }
}
