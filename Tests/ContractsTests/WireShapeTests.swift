import Contracts
import Foundation
import OneBot
import Testing

/// What other programs read on the bus keeps its spelling (docs/contract.md §4).
@Suite struct WireShapeTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test("a presence change")
    func presenceChange() throws {
        let edge = EdgeAddress(edgeID: "e1", instance: "a")
        let change = PresenceChange(
            kind: .clientOnline, registryEpoch: 7, sequence: .max, edge: edge,
            clients: [
                OnlineClient(
                    appID: "x", clientName: nil, role: .universal, transport: .reverseWebSocket, edge: edge,
                    sessionID: .max, selfID: SelfID(10001), connectedAt: 1_700_000_000, remoteAddress: "[::1]:5",
                    group: "workers", groupBots: [SelfID(1), SelfID(2)])
            ],
            bots: [
                OnlineBot(
                    selfID: SelfID(.min), edge: edge, epoch: 3, isOnline: true, configuredIndex: nil,
                    isSupervised: false)
            ])
        let text = try json(change)
        #expect(
            text == #"{"bots":[{"edge":{"edge_id":"e1","instance":"a"},"epoch":3,"online":true,"#
                + #""self_id":-9223372036854775808,"supervised":false}],"#
                + #""clients":[{"app_id":"x","connected_at":1700000000,"edge":{"edge_id":"e1","instance":"a"},"#
                + #""group":"workers","group_bots":[1,2],"remote_address":"[::1]:5","role":"Universal","self_id":10001,"session_id":18446744073709551615,"#
                + #""transport":"reverse_websocket"}],"edge":{"edge_id":"e1","instance":"a"},"kind":"client.online","#
                + #""registry_epoch":7,"sequence":18446744073709551615}"#)
        let read = try JSONDecoder().decode(PresenceChange.self, from: Data(text.utf8))
        #expect(read.clients == change.clients)
        #expect(read.bots == change.bots)
        #expect(read.sequence == .max)
    }

    @Test("a client that lives on AMQP has no edge, and neither has what is said of it")
    func amqpClient() throws {
        let client = OnlineClient(
            appID: "x", clientName: "bot", role: .universal, transport: .amqp, edge: nil, sessionID: 0, selfID: nil,
            connectedAt: 1_700_000_000, remoteAddress: "")
        let text = try json(
            PresenceChange(kind: .clientOnline, registryEpoch: 7, sequence: 1, edge: nil, clients: [client]))
        #expect(
            text == #"{"bots":[],"clients":[{"app_id":"x","client_name":"bot","connected_at":1700000000,"#
                + #""remote_address":"","role":"Universal","session_id":0,"transport":"amqp"}],"#
                + #""kind":"client.online","registry_epoch":7,"sequence":1}"#)
        #expect(try JSONDecoder().decode(PresenceChange.self, from: Data(text.utf8)).clients == [client])
    }

    @Test("a report")
    func report() throws {
        let report = EdgeReport(
            kind: .change, edge: EdgeAddress(edgeID: "e1", instance: "a"), sequence: 2, isReady: true,
            sessions: [
                SessionClaim(
                    sessionID: 1, role: .api, transport: .websocket, selfID: nil, connectedAt: 5,
                    remoteAddress: "127.0.0.1:5", resumeSeconds: 60,
                    granted: SessionGrant(appID: "x", clientToken: "t"))
            ], left: [4], closedPorts: [EdgeAPI.ClosePort(port: 8100, appID: "y")], sessionCount: 3)
        let text = try json(report)
        #expect(text.contains(#""granted":{"app_id":"x","client_token":"t"}"#))
        #expect(text.contains(#""left":[4],"ready":true,"sequence":2,"session_count":3"#))
        let read = try JSONDecoder().decode(EdgeReport.self, from: Data(text.utf8))
        #expect(read.sessions == report.sessions)
        #expect(read.closedPorts == report.closedPorts)
        #expect(read.kind == .change)
    }
}
