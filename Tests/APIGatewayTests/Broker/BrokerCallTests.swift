import Actions
import Bus
import Contracts
import NIOCore
import OneBot
import Testing

@testable import APIGateway

@Suite("What a message to the gateway asks for") struct BrokerCallTests {
    private func call(_ frame: String, token: String? = nil, redelivered: Bool = false) -> BrokerCall {
        var message = Message(ByteBuffer(string: frame))
        message.properties.headers["client_token"] = token
        return BrokerCall(message, redelivered: redelivered, exchanges: Exchanges(prefix: "mine"))
    }

    private func refusal(_ call: BrokerCall) throws -> JSONObject? {
        guard case .refused(let response) = call else { return nil }
        return try JSONObject(response)
    }

    @Test("one of our own actions, with its parameters, its echo as written, and who is calling")
    func own() {
        let frame = #"{"action":"set_client_name","params":{"name":"x"},"echo":{"a" : 1}}"#
        guard case .own(.setClientName, let request) = call(frame, token: "secret") else {
            Issue.record("It was not understood.")
            return
        }
        #expect(request.params?["name"]?.string == "x")
        #expect(request.echo.map { String(buffer: $0) } == #"{"a" : 1}"#)
        #expect(request.clientToken == "secret")
    }

    @Test("the actions that make a program a client", arguments: [OwnAction.registerClient, .renewClient])
    func broker(_ action: OwnAction) {
        guard case .own(let found, let request) = call(#"{"action":"\#(action.name)"}"#) else {
            Issue.record("It was not understood.")
            return
        }
        #expect(found == action)
        #expect(request.params == nil && request.echo == nil && request.clientToken == nil)
    }

    @Test(
        "what is no action is 1400, with the echo where one could be read",
        arguments: [
            "", "[]", "\u{0}", "{}", #"{"action":7}"#, #"{"action":"renew_client","params":[]}"#, "{\"action\":",
        ])
    func malformed(_ frame: String) throws {
        #expect(try refusal(call(frame))?["retcode"]?.int64 == 1400)
    }

    @Test("a bot's action is 1404, and told where to go")
    func botAction() throws {
        let response = try refusal(call(#"{"action":"send_group_msg","params":{},"echo":"e"}"#))
        #expect(response?["retcode"]?.int64 == 1404)
        #expect(response?["msg"]?.string?.contains("mine.actions") == true)
        #expect(response?["msg"]?.string?.contains("account number") == true)
        #expect(response?["echo"]?.string == "e")
    }

    @Test(
        "what another gateway may have done already is not done again, unless that does no harm",
        arguments: OwnAction.all)
    func redelivered(_ action: OwnAction) throws {
        let response = try refusal(call(#"{"action":"\#(action.name)","echo":1}"#, redelivered: true))
        if ["send_broadcast_data", "send_broadcast_data_callback", "set_restart"].contains(action.name) {
            #expect(response?["retcode"]?.int64 == 1503)
            #expect(response?["msg"]?.string?.contains("may have been carried out") == true)
            #expect(response?["echo"]?.int64 == 1)
        } else {
            #expect(response == nil)
        }
    }
}
