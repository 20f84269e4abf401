import Foundation
import Testing

@testable import Actions

@Suite("OwnAction")
struct OwnActionTests {
    @Test("each is where the contract says so, and the contract's table has no other")
    func contract() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/contract.md"), encoding: .utf8)
        let http = try #require(text.firstRange(of: "\n## 2. "))
        let webSocket = try #require(text.firstRange(of: "\n## 3. "))
        let amqp = try #require(text.firstRange(of: "\n## 4. "))
        let rows = text[http.upperBound..<webSocket.lowerBound].matches(of: /\n\| `(?:GET|POST) \/api\/([a-z_]+)` \|/)
        #expect(Set(rows.map { String($0.1) }) == Set(OwnAction.all.filter { $0.doors == .every }.map(\.name)))
        let broker = text[amqp.upperBound...]
        for action in OwnAction.all where action.doors == .amqp {
            #expect(broker.contains("`\(action.name)`"), "\(action.name) is not in section 4")
        }
    }

    @Test("it is found by its name, with or without a suffix of OneBot's; what is not ours is the bot's")
    func called() {
        for suffix in ["", "_async", "_rate_limited"] {
            #expect(OwnAction(called: "set_restart" + suffix) == .setRestart)
            #expect(OwnAction(calledOverAMQP: "set_restart" + suffix) == .setRestart)
        }
        #expect(OwnAction(named: "set_restart") == .setRestart)
        #expect(OwnAction(named: "set_restart_async") == nil)
        #expect(OwnAction(called: "send_group_msg") == nil)
        #expect(OwnAction(called: "") == nil)
    }

    @Test("those of the broker are the bot's elsewhere", arguments: ["register_client", "renew_client"])
    func onlyOverAMQP(name: String) {
        #expect(OwnAction(calledOverAMQP: name)?.name == name)
        #expect(OwnAction(called: name) == nil)
        #expect(OwnAction(named: name) == nil)
    }
}
