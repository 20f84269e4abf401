import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import Actions

@Suite struct GetOnlineClientsTests {
    private let edge = EdgeAddress(edgeID: "e1", instance: "i1")

    @Test("each client has its name if any, role, transport, edge, bot, time and address")
    func members() {
        var named = OnlineClient.fixture("a", named: "Ann", at: edge, since: 10)
        named.transport = .reverseWebSocket
        let bare = OnlineClient.fixture("b", role: .api, at: edge, bot: nil, since: 5, from: "10.0.0.9:1234")
        let first =
            #"{"app_id":"b","role":"API","transport":"websocket","edge":"e1","self_id":null,"connected_at":5,"#
            + #""remote_address":"10.0.0.9:1234"}"#
        let second =
            #"{"app_id":"a","client_name":"Ann","role":"Universal","transport":"reverse_websocket","edge":"e1","#
            + #""self_id":10001,"connected_at":10,"remote_address":"127.0.0.1:50000"}"#
        #expect(String(buffer: GetOnlineClients.encode([named, bare], .array)) == "[\(first),\(second)]")
        #expect(
            String(buffer: GetOnlineClients.encode([named, bare], .clients)) == #"{"clients":[\#(first),\#(second)]}"#)
    }

    @Test("a client that lives on AMQP has neither edge nor address")
    func onAMQP() {
        #expect(
            String(buffer: GetOnlineClients.encode([.onAMQP("p", named: "Prog", since: 7)], .array))
                == #"[{"app_id":"p","client_name":"Prog","role":"Universal","transport":"amqp","edge":null,"#
                + #""self_id":null,"connected_at":7,"remote_address":null}]"#)
    }

    @Test("nobody online is an empty list")
    func nobody() {
        #expect(String(buffer: GetOnlineClients.encode([], .clients)) == #"{"clients":[]}"#)
        #expect(String(buffer: GetOnlineClients.encode([], .array)) == "[]")
    }
}
