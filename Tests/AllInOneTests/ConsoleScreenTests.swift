import Contracts
import Testing

@testable import perpetua

@Suite("The first screen")
struct ConsoleScreenTests {
    private func screen(
        simulated: Bool, bots: [String] = [], token: Bool = false, host: String = "127.0.0.1", colored: Bool = false
    ) -> String {
        let configuration = ConsoleConfiguration(
            showsEvents: simulated, simulatesBot: simulated, version: "1.2.3", edgeHost: host, apiHost: host,
            botURLs: bots, asksForToken: token, exchanges: Exchanges())
        return ConsoleScreen(configuration: configuration, ports: .init(edge: 6700, api: 8080), isColored: colored).text
    }

    @Test("trying things out, one gets what to paste and what to call")
    func trying() {
        let text = screen(simulated: true)
        for piece in [
            #"ONEBOT_WS_URLS='["ws://127.0.0.1:6700/"]'"#, "endpoint: ws://127.0.0.1:6700/",
            "http://127.0.0.1:8080/api/get_online_clients", "api/get_ws_port", "api/set_client_name?name=",
            "api/send_broadcast_data?data=", "api/send_broadcast_data_callback", "api/set_restart",
            "send_group_msg?group_id=30001",
        ] {
            #expect(text.contains(piece), "\(piece)")
        }
    }

    @Test("at work, it says what it waits for")
    func serving() {
        #expect(screen(simulated: false).contains("waiting for one at ws://127.0.0.1:6700/bot"))
        let withBot = screen(simulated: false, bots: ["ws://10.0.0.1:3001/"])
        #expect(withBot.contains("ws://10.0.0.1:3001/"))
        #expect(!withBot.contains("waiting"))
    }

    @Test("with a token, calls carry it without showing it")
    func token() {
        #expect(screen(simulated: true, token: true).contains(#"curl -H "Authorization: Bearer $TOKEN" 'http"#))
    }

    @Test("colours only where asked for")
    func colors() {
        #expect(!screen(simulated: true).contains("\u{1b}"))
        #expect(screen(simulated: true, colored: true).contains("\u{1b}[1m"))
    }

    @Test(
        "addresses are ones to be reached from here",
        arguments: [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("bot.example", "bot.example")])
    func hosts(host: String, shown: String) {
        #expect(ConsoleScreen.reachable(host) == shown)
    }

    @Test(
        "a bot's URL is shown without what is secret in it",
        arguments: [
            ("ws://me:hunter2@h:1/p?access_token=hunter2", "ws://h:1/p"), ("ws://h/#hunter2", "ws://h/"),
            ("hunter2", "…"),
        ])
    func urls(url: String, shown: String) {
        #expect(ConsoleConfiguration.withoutSecrets(url) == shown)
    }
}
