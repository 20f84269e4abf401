import Contracts
import Foundation
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("OwnEvent")
struct OwnEventTests {
    private let edge = EdgeAddress(edgeID: "e", instance: "i")

    private func status(
        _ client: OnlineClient, isOnline: Bool = true, isCrowd: Bool = false
    ) -> ClientStatus { ClientStatus(client, isOnline: isOnline, isCrowd: isCrowd) }

    private func distributed(_ kind: DistributedEvent.Kind, data: String, uuid: String = "u") -> DistributedEvent {
        DistributedEvent(
            kind,
            DistributedMessage(
                uuid: uuid, sender: Client(appID: "app-2"), targets: ["a", "b"], data: ByteBuffer(string: data)))
    }

    // MARK: JSON

    @Test("client_status says who came or went")
    func clientStatus() {
        let named = OnlineClient.fixture("app-1", named: "the \"first\"", at: edge)
        let online = status(named).text(time: 1_700_000_000, selfID: SelfID(10001), isSelf: false)
        #expect(
            String(buffer: online)
                == #"{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":"client_status","client":"#
                + #"{"app_id":"app-1","client_name":"the \"first\""},"online":true,"self_client":false}"#)
        let offline = status(.fixture("app-2", at: edge), isOnline: false)
            .text(time: 1_700_000_000, selfID: SelfID(10001), isSelf: true)
        #expect(
            String(buffer: offline)
                == #"{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":"client_status","client":"#
                + #"{"app_id":"app-2"},"online":false,"self_client":true}"#)
    }

    @Test("event_gap says how many are missing, or null")
    func eventGap() {
        #expect(
            String(buffer: EventGap(of: SelfID(-2), missed: 3).text(time: 1))
                == #"{"time":1,"self_id":-2,"post_type":"notice","notice_type":"event_gap","missed":3}"#)
        #expect(
            String(buffer: EventGap(of: SelfID(2), missed: nil).text(time: 1))
                == #"{"time":1,"self_id":2,"post_type":"notice","notice_type":"event_gap","missed":null}"#)
    }

    @Test("bot_status says whether the bot is there, whoever hears it")
    func botStatus() {
        let event = BotStatus(of: SelfID(2), isOnline: false)
        #expect(
            String(buffer: event.text(time: 1, selfID: SelfID(3), isSelf: false))
                == #"{"time":1,"self_id":2,"post_type":"notice","notice_type":"bot_status","online":false}"#)
    }

    @Test(
        "distributed data is passed as its sender wrote it",
        arguments: [(DistributedEvent.Kind.broadcast, "broadcast"), (.callback, "broadcast_callback")])
    func distributed(kind: DistributedEvent.Kind, name: String) {
        let event = distributed(kind, data: #""a\u0062 \/ 你""#, uuid: "u\"1")
        #expect(
            String(buffer: event.text(time: 1_700_000_000, selfID: SelfID(10001), isSelf: false))
                == #"{"time":1700000000,"self_id":10001,"post_type":"distributed","distributed_type":"\#(name)","#
                + #""client":{"app_id":"app-2"},"uuid":"u\"1","data":"a\u0062 \/ 你"}"#)
    }

    @Test("they are events to whoever reads them, and never have an echo")
    func events() throws {
        let events: [(OwnEvent, String)] = [
            (.clientStatus(status(.fixture("a", at: edge))), "client_status"),
            (.gap(EventGap(of: SelfID(5), missed: nil)), "event_gap"),
            (.botStatus(BotStatus(of: SelfID(5), isOnline: true)), "bot_status"),
            (.distributed(distributed(.broadcast, data: "\"echo\"")), "broadcast"),
        ]
        for (own, detail) in events {
            let frame = own.content.text(time: 1, selfID: SelfID(5), isSelf: true)
            guard case .event(let event) = BotFrame(parsing: frame) else {
                Issue.record("no event: \(String(buffer: frame))")
                continue
            }
            #expect(event.detailType == detail)
            #expect(event.selfID == SelfID(5))
            #expect(!event.json.keys.contains("echo"))
            #expect(try JSONSerialization.jsonObject(with: Data(frame.readableBytesView)) is [String: Any])
        }
    }

    // MARK: Who hears it

    @Test("in a crowd only those hear of a client who asked for it, and the client itself")
    func crowd() {
        let client = OnlineClient.fixture("a", at: edge, session: 7)
        #expect(status(client).hearers == .everybody)
        #expect(status(client, isCrowd: true).hearers == .curious(and: 7))
        var choices = ClientChoices()
        #expect(status(client).isHeard(by: choices, isSelf: false))
        #expect(!status(client, isCrowd: true).isHeard(by: choices, isSelf: false))
        #expect(status(client, isCrowd: true).isHeard(by: choices, isSelf: true))
        choices.clientStatus = .own
        #expect(!status(client).isHeard(by: choices, isSelf: false))
    }

    @Test("a client is told that it is meant itself only at its own edge and session")
    func itself() {
        let event = status(.fixture("a", at: edge, session: 7))
        #expect(event.isAbout(session: 7, at: edge))
        #expect(!event.isAbout(session: 8, at: edge))
        #expect(!event.isAbout(session: 7, at: EdgeAddress(edgeID: "e", instance: "j")))
    }

    @Test("a broadcast is for its targets, speaks of no bot, and weighs what its data does")
    func targets() {
        let event = distributed(.broadcast, data: #""12345678""#)
        #expect(event.hearers == .clients(["a", "b"]))
        #expect(ClientItem.own(.distributed(event)).bot == nil)
        #expect(ClientItem.own(.distributed(event)).bytes == 10)
    }

    @Test("a bot's gap and status speak of that bot, each to whom it concerns")
    func ofBots() {
        let gap = OwnEvent.gap(EventGap(of: SelfID(1), missed: 1))
        let status = OwnEvent.botStatus(BotStatus(of: SelfID(1), isOnline: true))
        for event in [gap, status] { #expect(ClientItem.own(event).bot == SelfID(1)) }
        #expect(gap.content.hearers == .followers(of: SelfID(1)))
        #expect(status.content.hearers == .followersWithoutHeartbeat(of: SelfID(1)), "others get a heartbeat")
    }
}
