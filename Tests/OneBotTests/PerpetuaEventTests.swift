import NIOCore
import Testing

@testable import OneBot

@Suite("PerpetuaEvent")
struct PerpetuaEventTests {
    private let named = Client(appID: "app-1", clientName: "the \"first\"")

    @Test("client_status says who came or went")
    func clientStatus() {
        let online = PerpetuaEvent.clientStatus(
            time: 1_700_000_000, selfID: SelfID(10001), client: named, online: true, isSelf: false)
        #expect(
            String(buffer: online)
                == #"{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":"client_status","client":"#
                + #"{"app_id":"app-1","client_name":"the \"first\""},"online":true,"self_client":false}"#)
        let offline = PerpetuaEvent.clientStatus(
            time: 1_700_000_000, selfID: SelfID(10001), client: Client(appID: "app-2"), online: false, isSelf: true)
        #expect(
            String(buffer: offline)
                == #"{"time":1700000000,"self_id":10001,"post_type":"notice","notice_type":"client_status","client":"#
                + #"{"app_id":"app-2"},"online":false,"self_client":true}"#)
    }

    @Test("event_gap says how many are missing, or null")
    func eventGap() {
        #expect(
            String(buffer: PerpetuaEvent.eventGap(time: 1, selfID: SelfID(-2), missed: 3))
                == #"{"time":1,"self_id":-2,"post_type":"notice","notice_type":"event_gap","missed":3}"#)
        #expect(
            String(buffer: PerpetuaEvent.eventGap(time: 1, selfID: SelfID(2), missed: nil))
                == #"{"time":1,"self_id":2,"post_type":"notice","notice_type":"event_gap","missed":null}"#)
    }

    @Test("bot_status says whether the bot is there")
    func botStatus() {
        #expect(
            String(buffer: PerpetuaEvent.botStatus(time: 1, selfID: SelfID(2), online: false))
                == #"{"time":1,"self_id":2,"post_type":"notice","notice_type":"bot_status","online":false}"#)
    }

    @Test("distributed data is passed as its sender wrote it")
    func distributed() {
        let data = ByteBuffer(string: #""a\u0062 \/ 你""#)
        for (kind, name) in [(PerpetuaEvent.DistributedKind.broadcast, "broadcast"), (.callback, "broadcast_callback")]
        {
            let event = PerpetuaEvent.distributed(
                kind, time: 1_700_000_000, selfID: SelfID(10001), client: Client(appID: "app-2"), uuid: "u\"1",
                data: data)
            #expect(
                String(buffer: event)
                    == #"{"time":1700000000,"self_id":10001,"post_type":"distributed","distributed_type":"\#(name)","#
                    + #""client":{"app_id":"app-2"},"uuid":"u\"1","data":"a\u0062 \/ 你"}"#)
        }
    }

    @Test("they are events to whoever reads them, and never have an echo")
    func events() throws {
        let events = [
            PerpetuaEvent.clientStatus(time: 1, selfID: SelfID(5), client: named, online: true, isSelf: true),
            PerpetuaEvent.eventGap(time: 1, selfID: SelfID(5), missed: nil),
            PerpetuaEvent.botStatus(time: 1, selfID: SelfID(5), online: true),
            PerpetuaEvent.distributed(
                .broadcast, time: 1, selfID: SelfID(5), client: named, uuid: "u", data: ByteBuffer(string: "\"echo\"")),
        ]
        for (frame, detail) in zip(events, ["client_status", "event_gap", "bot_status", "broadcast"]) {
            guard case .event(let event) = BotFrame(parsing: frame) else {
                Issue.record("no event: \(String(buffer: frame))")
                continue
            }
            #expect(event.detailType == detail)
            #expect(event.selfID == SelfID(5))
            #expect(!event.json.keys.contains("echo"))
            #expect(FoundationJSON.parse(Array(buffer: frame)) is [String: Any])
        }
    }
}
