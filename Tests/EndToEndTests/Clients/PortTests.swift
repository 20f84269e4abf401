import Bus
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("A port of one's own", .timeLimit(.minutes(1)))
    struct PortTests {
        @Test("a leased port serves one client, a second gets 409, and it closes when that one leaves")
        func lease() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let grant = try #require(try await FakeHTTP.get(perpetua.http + "/api/get_ws_port").data)
                    let port = try #require(grant["port"]?.int64)
                    let url = "ws://127.0.0.1:\(port)/"
                    #expect(grant["url"]?.string == url)
                    #expect(grant["expires_in"]?.int64 == 15)
                    let client = try await FakeClient.connect(to: url)
                    let lifecycle = try await client.nextEvent("meta_event", "lifecycle")
                    #expect(lifecycle.json?["client"]?.object?["app_id"]?.string == grant["app_id"]?.string)
                    #expect(lifecycle.json?["client"]?.object?["client_token"]?.string == grant["client_token"]?.string)
                    do {
                        _ = try await FakeClient.connect(to: url)
                        Issue.record("a second client was let in")
                    } catch let DialError.refused(_, status, _) {
                        #expect(status == 409)
                    }
                    try await client.close()
                    try await eventually("the listener is closed") {
                        do {
                            _ = try await FakeClient.connect(to: url)
                            return false
                        } catch DialError.cannotConnect {
                            return true
                        } catch {
                            return false
                        }
                    }
                }
            }
        }

        @Test("nobody comes in time: the listener closes and the port is free; the range exhausted is 1503 and says so")
        func expires() async throws {
            try await withFakeBot { bot in
                let range = try FreePorts.range(of: 2)
                let settings =
                    "registry: {port_expiry: 1s}\nedge: {port_range: \(range.lowerBound)-\(range.upperBound)}"
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    var ports: Set<Int64> = []
                    for _ in 0..<2 {
                        ports.insert(
                            try #require(
                                try await FakeHTTP.get(perpetua.http + "/api/get_ws_port").data?["port"]?.int64))
                    }
                    #expect(ports.count == 2)
                    let full = try await FakeHTTP.get(perpetua.http + "/api/get_ws_port")
                    #expect(full.status == 503)
                    #expect(full.retcode == 1503)
                    #expect(full["msg"]?.contains("port_range") == true)
                    try await eventually(within: .seconds(20), "a port is free again") {
                        try await FakeHTTP.get(perpetua.http + "/api/get_ws_port").status == 200
                    }
                }
            }
        }

        @Test(
            "a port that nobody came to is closed by its edge, and free, also while the registry is away", .overMemory)
        func expiresByItself() async throws {
            let range = try FreePorts.range(of: 1)
            let settings = "registry: {port_expiry: 1s}\nedge: {port_range: \(range.lowerBound)-\(range.upperBound)}"
            try await withDeployment(settings, edges: [[]]) { deployment in
                let grant = try #require(try await FakeHTTP.get(deployment.http + "/api/get_ws_port").data)
                let url = try #require(grant["url"]?.string)
                deployment.registryBus.lose()
                try await eventually(within: .seconds(20), "nobody listens there any more") {
                    do {
                        // A plain HTTP request: a handshake would count as the client that the port is for.
                        _ = try await FakeHTTP.get(url.replacing("ws://", with: "http://"))
                        return false
                    } catch {
                        return true
                    }
                }
                deployment.registryBus.restore()
                try await eventually(within: .seconds(20), "the port is free again") {
                    try await FakeHTTP.get(deployment.http + "/api/get_ws_port").data?["port"]?.int64
                        == Int64(range.lowerBound)
                }
            }
        }

        @Test("200 clients in a row on a range of 10: never a port twice at a time")
        func manyInARow() async throws {
            try await withFakeBot { bot in
                let range = try FreePorts.range(of: 10)
                let settings = "client_status: none\nedge: {port_range: \(range.lowerBound)-\(range.upperBound)}"
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    var held: [(port: Int64, client: FakeClient)] = []
                    for _ in 0..<200 {
                        if held.count == 10 {
                            let oldest = held.removeFirst()
                            try await oldest.client.close()
                        }
                        let grant = try await eventually("a port is granted") {
                            try await FakeHTTP.get(perpetua.http + "/api/get_ws_port")
                        } until: {
                            $0.status == 200
                        }
                        let port = try #require(grant.data?["port"]?.int64)
                        #expect(range.contains(Int(port)))
                        #expect(!held.contains { $0.port == port }, "port \(port) twice at a time")
                        let client = try await FakeClient.connect(to: "ws://127.0.0.1:\(port)/")
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                        held.append((port, client))
                    }
                }
            }
        }

        @Test("in shared mode the answer is the shared port and a token that binds the app_id")
        func sharedMode() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("edge: {port_mode: shared}", bots: [bot.url]) { perpetua in
                    let grant = try #require(try await FakeHTTP.get(perpetua.http + "/api/get_ws_port").data)
                    let url = try #require(grant["url"]?.string)
                    #expect(url.hasPrefix(perpetua.ws))
                    let token = try #require(grant["client_token"]?.string)
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?client_token=" + token)
                    let lifecycle = try await client.nextEvent("meta_event", "lifecycle")
                    #expect(lifecycle.json?["client"]?.object?["app_id"]?.string == grant["app_id"]?.string)
                    let stranger = try await FakeClient.connect(to: perpetua.ws + "/?client_token=unknown")
                    #expect(try await stranger.ending().code == 1008)
                }
            }
        }

        @Test("in shared mode, too, the connection is for the bot that the lease names")
        func sharedModeForABot() async throws {
            var second = SimulatedBotConfiguration.scripted
            second.selfID = SelfID(20002)
            try await withFakeBot { one in
                try await withFakeBot(second) { two in
                    try await withPerpetua("edge: {port_mode: shared}", bots: [one.url, two.url]) { perpetua in
                        let grant = try await eventually("a port is granted") {
                            try await FakeHTTP.get(perpetua.http + "/api/get_ws_port?self_id=20002")
                        } until: {
                            $0.status == 200 && $0.retcode == 0
                        }
                        let client = try await FakeClient.connect(to: try #require(grant.data?["url"]?.string))
                        #expect(try await client.nextEvent("meta_event", "lifecycle").int("self_id") == 20002)
                    }
                }
            }
        }
    }
}
