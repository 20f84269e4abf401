import OneBot
import SettingsReading
import Testing

@testable import WSEdge

@Suite("webhooks[]")
struct WebhookConfigurationTests {
    private func settings(_ yaml: String) -> Settings { Settings(file: (name: "test.yaml", yaml: yaml)) }

    private func problems(_ yaml: String) -> [String] {
        let settings = settings(yaml)
        _ = WSEdgeConfiguration(settings)
        return settings.problems.map(\.key)
    }

    @Test("an entry is its address, and everything else has a default")
    func defaults() throws {
        let settings = settings("webhooks: [{url: 'https://u:p@example.org:8443/onebot/v11/?a=b'}]")
        let webhook = try #require(WSEdgeConfiguration(settings).targets.webhooks.first)
        #expect(settings.problems.isEmpty)
        #expect(webhook.url == "https://u:p@example.org:8443/onebot/v11/?a=b")
        #expect(webhook.secret == nil)
        #expect(webhook.timeout == .seconds(10))
        #expect(webhook.atSender)
        #expect(webhook.target.name == "example.org:8443")
        #expect(webhook.target.selfIDs == [])
    }

    @Test("all can be set; one account or several")
    func everything() {
        let settings = settings(
            """
            webhooks:
              - {url: 'http://127.0.0.1:1/', secret: s3cret, timeout: 30s, at_sender: false, self_id: 10001, name: a}
              - {url: 'http://127.0.0.1:1/', self_id: [10002, 10003]}
            """)
        let webhooks = WSEdgeConfiguration(settings).targets.webhooks
        #expect(settings.problems.isEmpty)
        #expect(webhooks.map(\.target.selfIDs) == [[10001], [10002, 10003]])
        #expect(webhooks[0].secret == "s3cret")
        #expect(webhooks[0].timeout == .seconds(30))
        #expect(webhooks.map(\.atSender) == [false, true])
        #expect(webhooks[0].claimName != webhooks[1].claimName)
        #expect(!settings.effective.joined().contains("s3cret"))
    }

    @Test(
        "an address that is none is a mistake, with its key",
        arguments: ["''", "127.0.0.1:8080", "ws://127.0.0.1/", "'http://'", "'http:///x'", "/onebot", "'http://a b/'"])
    func address(_ url: String) {
        #expect(problems("webhooks: [{url: \(url)}]") == ["webhooks[0].url"])
    }

    @Test("a timeout out of bounds, and the same entry twice, are mistakes")
    func mistakes() {
        #expect(problems("webhooks: [{url: 'http://a/', timeout: 1ms}]") == ["webhooks[0].timeout"])
        #expect(problems("webhooks: [{url: 'http://a/'}, {url: 'http://a/'}]") == ["webhooks[1]"])
    }
}
