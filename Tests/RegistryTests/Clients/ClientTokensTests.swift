import Contracts
import Testing

@testable import Registry

@Suite struct ClientTokensTests {
    let session = SessionKey(edge: RegistryWorld.edge, sessionID: 1)

    private func client(_ appID: String, _ state: KnownClient.State) throws -> KnownClient {
        KnownClient(appID: appID, token: try #require(ClientToken("token of \(appID)")), state: state)
    }

    @Test("a token speaks for its client until that is removed")
    func speaks() throws {
        var tokens = ClientTokens()
        let client = try client("x", .online(session))
        tokens.put(client)
        #expect(tokens.holder(of: client.token)?.appID == "x")
        #expect(tokens.client(of: session)?.appID == "x")
        tokens.remove("x")
        #expect(tokens.holder(of: client.token) == nil)
        #expect(tokens.client(of: session) == nil)
        #expect(tokens.clients(at: session.edge).isEmpty)
    }

    @Test("tokens are compared by bytes")
    func bytes() throws {
        var tokens = ClientTokens()
        tokens.put(KnownClient(appID: "x", token: try #require(ClientToken("K")), state: .leased))
        let kelvin = try #require(ClientToken("\u{212A}"))
        #expect(kelvin.text == "K", "String calls the Kelvin sign a K: that is the trap")
        #expect(tokens.holder(of: kelvin) == nil)
    }

    @Test("a kept client goes when its window has passed, and no one else")
    func windows() throws {
        var tokens = ClientTokens()
        tokens.put(try client("x", .kept(until: .seconds(10))))
        tokens.put(try client("y", .kept(until: .seconds(20))))
        tokens.put(try client("z", .online(session)))
        #expect(tokens.expire(at: .seconds(9)).isEmpty)
        #expect(tokens.expire(at: .seconds(10)).map(\.appID) == ["x"])
        #expect(tokens.expire(at: .seconds(30)).map(\.appID) == ["y"])
        #expect(tokens["z"] != nil)
    }

    @Test("of too many kept clients those go that would lapse first")
    func bound() throws {
        var tokens = ClientTokens()
        for number in 0..<ClientTokens.maxKept + 2 {
            tokens.put(try client("\(number)", .kept(until: .seconds(number + 1))))
        }
        #expect(tokens.expire(at: .zero).map(\.appID) == ["0", "1"])
    }

    @Test("new tokens are long, safe in a URL, and differ")
    func fresh() {
        var generator = SystemRandomNumberGenerator()
        let tokens = (0..<1_000).map { _ in ClientToken.fresh(using: &generator).text }
        #expect(Set(tokens).count == 1_000)
        for token in tokens {
            #expect(token.utf8.count == 32)
            #expect(Exchanges.isWord(token))
        }
    }

    @Test("a token does not print itself")
    func secret() throws {
        let token = try #require(ClientToken("hush"))
        #expect(!"\(token) \(String(reflecting: token))".contains("hush"))
        var text = ""
        dump(token, to: &text)
        #expect(!text.contains("hush"))
    }
}
