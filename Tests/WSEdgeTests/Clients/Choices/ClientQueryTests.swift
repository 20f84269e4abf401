import Actions
import NIOHTTP1
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("Keys of a client's query that nobody knows")
struct ClientQueryTests {
    private func query(_ pairs: [(String, String)]) -> ClientQuery {
        ClientQuery(
            UpgradeRequest(
                path: "/", query: pairs.map { (name: $0.0, value: $0.1) }, headers: [:], remoteAddress: "127.0.0.1:1"))
    }

    @Test("are those that the upgrade does not ask for; the nearest known one is named, or all")
    func unknown() throws {
        var query = query([
            ("access_token", "t"), ("self_id", "1"), ("client_token", "c"), ("resume", "5"), ("priority", "1"),
            ("group", "g"), ("group_ids", "1"), ("grop_ids", "1"), ("exclude_user_ids", "2"), ("message_format", ""),
            ("heartbeat_interval", "0"), ("meta_events", "0"), ("client_status", "all"), ("Post_Types", "x"),
            ("v", "11"), ("", "nothing"),
        ])
        _ = try ClientUpgrade(&query, tokens: .none)
        #expect(query.unknown == ["grop_ids", "Post_Types", "v"])
        #expect(query.remedy(for: "grop_ids") == "Did you mean group_ids?")
        #expect(query.remedy(for: "Post_Types") == "Did you mean post_types?")
        #expect(query.remedy(for: "v").hasPrefix("Known are access_token, client_status, client_token, "))
    }

    @Test("are told once each, and no more than so many")
    func bounded() {
        var keys = UnknownQueryKeys()
        #expect(keys.news(in: ["a", "b", "a"]) == ["a", "b"])
        #expect(keys.news(in: ["b", "c"]) == ["c"])
        #expect(keys.news(in: [String(repeating: "x", count: 9_999)]).map(\.count) == [64])
        let many = (0..<100).map { "key\($0)" }
        #expect(keys.news(in: many).count == UnknownQueryKeys.limit - 4)
        #expect(keys.news(in: ["another"]) == [])
    }
}
