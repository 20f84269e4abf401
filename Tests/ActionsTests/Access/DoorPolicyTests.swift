import SettingsReading
import Testing

@testable import Actions

@Suite("DoorPolicy: which web pages come in without a token")
struct DoorPolicyTests {
    private func refusal(
        _ policy: DoorPolicy = DoorPolicy(), host: String? = "127.0.0.1:8080", origin: String? = nil,
        fetchSite: String? = nil
    ) -> String? {
        let visitor = DoorPolicy.Visitor(
            hosts: [host].compactMap(\.self), origins: [origin].compactMap(\.self),
            fetchSites: [fetchSite].compactMap(\.self))
        return policy.refusal(of: visitor, atDoorWithout: "access_token")
    }

    @Test(
        "a Host passes that no stranger's name can be",
        arguments: [
            "127.0.0.1", "127.0.0.1:8080", "192.168.1.5", "8.8.8.8:443", "[::1]", "[::1]:6700", "[2001:db8::1]:1",
            "[FE80::1]", "localhost", "LOCALHOST:8080", "localhost.", "app.localhost", "perpetua", "api-gateway:8080",
            "my_service:80", "nas.local", "host.docker.internal:8080", "router.lan", "perpetua.default.svc",
            "perpetua.default.svc.cluster.local:6700", "a.b.local.",
        ])
    func ownHosts(host: String) { #expect(refusal(host: host) == nil) }

    @Test(
        "any other is refused, and the answer names allowed_hosts",
        arguments: [
            "evil.example", "evil.example:8080", "127.0.0.1.nip.io", "localhost.evil.example", "evillocalhost.com",
            "local.evil.example", "notlocal.xlocal", "x.clusterlocal", "10.0.0", "1.2.3.4.5", "256.1.1.1", "a..local",
            ".local", "[::1", "[::1]x", "[127.0.0.1]", "::1", "a:b", "a:", "a:65536", "a:-1", "u@localhost", "a b", "é",
            "a/b", "localhost:80:80", "perpetua.svc.evil.example", "[]", ":80", ".",
        ])
    func foreignHosts(host: String) throws {
        let sentence = try #require(refusal(host: host))
        #expect(sentence.contains("allowed_hosts"))
        #expect(sentence.contains("access_token"))
    }

    @Test("a request without a Host, or with an empty one, is no browser's")
    func noHost() {
        #expect(refusal(host: nil) == nil)
        #expect(refusal(host: "") == nil)
        #expect(refusal(host: nil, origin: "http://localhost") != nil)
    }

    @Test("allowed_hosts and edge.public_host are names of ours, on any port")
    func allowedHosts() {
        let policy = DoorPolicy(
            allowedHosts: ["Bot.Example.org", "dash.example"], publicHost: "perpetua.example.org")
        for host in ["bot.example.org", "bot.example.org:8443", "DASH.example", "perpetua.example.org:80"] {
            #expect(refusal(policy, host: host) == nil, "\(host)")
        }
        for host in ["example.org", "x.bot.example.org", "bot.example.org.evil.example"] {
            #expect(refusal(policy, host: host) != nil, "\(host)")
        }
        #expect(refusal(DoorPolicy(publicHost: "::1"), host: "evil.example") != nil)
    }

    @Test(
        "an Origin passes whose host and port are those of Host",
        arguments: [
            ("http://192.168.1.5:8080", "192.168.1.5:8080"), ("http://nas.local", "nas.local"),
            ("http://nas.local:80", "nas.local"), ("http://nas.local", "nas.local:80"),
            ("https://nas.local", "nas.local"), ("https://nas.local", "nas.local:443"),
            ("ws://perpetua", "perpetua:80"),
            ("wss://perpetua:6700", "perpetua:6700"), ("HTTP://NAS.local:1", "nas.LOCAL:1"),
            ("http://[2001:DB8:0::1]:5", "[2001:db8::1]:5"), ("http://nas.local.", "nas.local"),
            ("nas.local:6700", "nas.local:6700"), ("http://nas.local:6700/", "nas.local:6700"), ("", "nas.local"),
        ])
    func sameOrigin(origin: String, host: String) { #expect(refusal(host: host, origin: origin) == nil) }

    @Test(
        "a loopback Origin passes, any port, where we are called by a loopback name",
        arguments: [
            "localhost:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080", "a.localhost", "[::ffff:127.0.0.1]:1",
        ])
    func loopback(host: String) {
        for origin in [
            "http://localhost", "http://localhost:3000", "https://127.0.0.1:5173", "http://[::1]:1",
            "http://dev.localhost",
            "http://localhost/", "ws://localhost:9",
        ] {
            #expect(refusal(host: host, origin: origin) == nil, "\(origin)")
            #expect(refusal(host: "192.168.1.5:8080", origin: origin) != nil, "\(origin)")
            #expect(refusal(host: "perpetua", origin: origin) != nil, "\(origin)")
        }
    }

    @Test(
        "any other Origin is foreign, and the answer names allowed_origins",
        arguments: [
            ("https://evil.example", "127.0.0.1:8080"), ("http://192.168.1.5:8081", "192.168.1.5:8080"),
            ("http://192.168.1.5", "192.168.1.5:8080"), ("http://192.168.1.6:8080", "192.168.1.5:8080"),
            ("https://nas.local", "nas.local:80"), ("null", "127.0.0.1:8080"), ("null", "null"), ("NULL", "null"),
            ("file://", "127.0.0.1"), ("file:", "127.0.0.1"), ("chrome-extension://abc", "127.0.0.1"),
            ("chrome-extension://localhost", "localhost"), ("app://localhost", "localhost"),
            ("tauri://localhost", "localhost"),
            ("http://localhost.evil.example", "localhost"), ("http://127.0.0.1.evil.example", "127.0.0.1"),
            ("http://u@127.0.0.1", "127.0.0.1"), ("http://127.0.0.1, http://evil.example", "127.0.0.1"),
            ("http://", "127.0.0.1"), ("http:127.0.0.1", "127.0.0.1"), ("://127.0.0.1", "127.0.0.1"),
            ("*", "127.0.0.1"),
        ])
    func foreignOrigins(origin: String, host: String) throws {
        let sentence = try #require(refusal(host: host, origin: origin))
        #expect(sentence.contains("allowed_origins"))
        #expect(sentence.contains("access_token"))
    }

    @Test("with several values every one has to pass")
    func several() {
        let policy = DoorPolicy()
        let visitors: [DoorPolicy.Visitor] = [
            .init(hosts: ["localhost", "evil.example"]),
            .init(hosts: ["localhost"], origins: ["http://localhost", "https://evil.example"]),
            .init(hosts: ["localhost", "nas.local"], origins: ["http://localhost"]),
        ]
        for visitor in visitors { #expect(policy.refusal(of: visitor, atDoorWithout: "t") != nil, "\(visitor)") }
    }

    @Test("allowed_origins may come in, and none beside them: null, file: and extensions only where they are listed")
    func allowedOrigins() {
        let policy = DoorPolicy(allowedOrigins: [
            "https://dash.example.org", "http://10.0.0.5:3000/", "null", "file:", "chrome-extension://abc",
        ])
        for origin in [
            "https://dash.example.org", "https://DASH.example.org:443", "http://10.0.0.5:3000", "null", "file://",
            "file:///", "chrome-extension://abc",
        ] {
            #expect(refusal(policy, origin: origin) == nil, "\(origin)")
        }
        for origin in [
            "http://dash.example.org", "https://dash.example.org:444", "https://x.dash.example.org",
            "http://10.0.0.5", "chrome-extension://abd", "moz-extension://abc",
        ] {
            #expect(refusal(policy, origin: origin) != nil, "\(origin)")
        }
    }

    @Test("without an Origin that may come in, a cross-site Sec-Fetch-Site is refused")
    func fetchSites() {
        for site in ["cross-site", "Cross-Site"] {
            let sentence = refusal(fetchSite: site)
            #expect(sentence?.contains("allowed_origins") == true)
            #expect(sentence?.contains("access_token") == true)
        }
        for site in ["none", "same-origin", "same-site", "", "else"] {
            #expect(refusal(fetchSite: site) == nil, "\(site)")
        }
        #expect(refusal(origin: "http://localhost:3000", fetchSite: "cross-site") == nil)
        let policy = DoorPolicy(allowedOrigins: ["https://dash.example.org"])
        #expect(refusal(policy, origin: "https://dash.example.org", fetchSite: "cross-site") == nil)
        #expect(refusal(policy, fetchSite: "cross-site") != nil)
        #expect(refusal(policy, origin: "", fetchSite: "cross-site") != nil)
    }

    @Test("a name that was made to lead to us is refused, whatever its page says of itself")
    func rebinding() {
        #expect(refusal(host: "evil.example:8080", origin: "http://evil.example:8080", fetchSite: "same-origin") != nil)
        let policy = DoorPolicy(allowedOrigins: ["http://evil.example:8080"])
        #expect(
            refusal(policy, host: "evil.example:8080", origin: "http://evil.example:8080")?.contains("allowed_hosts")
                == true)
    }

    @Test("answers are for loopback pages and allowed_origins to read, however we are called")
    func sharing() {
        let policy = DoorPolicy(allowedOrigins: ["https://dash.example.org", "null"])
        for origin in [
            "http://localhost:5173", "https://127.0.0.1", "http://[::1]:3000", "https://dash.example.org", "null",
        ] {
            #expect(policy.sharesAnswers(with: [origin]), "\(origin)")
            #expect(policy.refusalOfPreflight(from: [origin]) == nil)
        }
        for origins in [
            ["https://evil.example"], ["http://192.168.1.5:8080"], ["file://"], ["app://localhost"], [],
            ["http://localhost", "http://localhost"],
        ] {
            #expect(!policy.sharesAnswers(with: origins), "\(origins)")
            #expect(policy.refusalOfPreflight(from: origins)?.contains("allowed_origins") == true)
        }
    }

    // MARK: Settings

    private func problems(_ yaml: String) -> [String] {
        let settings = Settings(file: ("t.yaml", yaml))
        _ = DoorPolicy(settings)
        return settings.problems.map { "\($0)" }
    }

    @Test("the settings are read, edge.public_host among them")
    func settings() {
        let yaml = """
            allowed_origins: [https://dash.example.org/, http://10.0.0.5:3000, 'null', 'file:', chrome-extension://abc]
            allowed_hosts: [bot.example.org, '::1', '[2001:db8::1]', 10.0.0.1]
            edge.public_host: public.example.org
            """
        #expect(problems(yaml) == [])
        let policy = DoorPolicy(Settings(file: ("t.yaml", yaml)))
        #expect(refusal(policy, host: "public.example.org:1", origin: "https://dash.example.org") == nil)
        #expect(refusal(policy, host: "bot.example.org") == nil)
    }

    @Test(
        "what is no origin, or no host, is a mistake",
        arguments: [
            "allowed_origins: ['*']", "allowed_origins: [dash.example.org]",
            "allowed_origins: [https://a.example/path]",
            "allowed_origins: ['https://']", "allowed_origins: ['https://a b']", "allowed_origins: ['https://a?b']",
            "allowed_origins: ['']", "allowed_origins: ['://a']", "allowed_origins: ['app://']",
            "allowed_hosts: ['*']", "allowed_hosts: [https://a.example]", "allowed_hosts: [a.example:80]",
            "allowed_hosts: ['']", "allowed_hosts: [.example.org]",
        ])
    func mistakes(yaml: String) {
        let problems = problems(yaml)
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(yaml.prefix { $0 != ":" }) == true, "\(problems)")
    }
}
