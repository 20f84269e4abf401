import Testing

@testable import OneBot

@Suite("AccessToken")
struct AccessTokenTests {
    @Test("no token is asked for where none is configured")
    func empty() {
        #expect(AccessToken(nil) == nil)
        #expect(AccessToken("") == nil)
    }

    @Test(
        "one right token is enough, wherever it stands",
        arguments: [
            ("Bearer secret", nil, .accepted), ("bearer secret", nil, .accepted), ("Token secret", nil, .accepted),
            ("TOKEN secret", nil, .accepted), ("secret", nil, .accepted), ("  Bearer \t secret ", nil, .accepted),
            (nil, "secret", .accepted), ("Bearer wrong", "secret", .accepted), ("Bearer secret", "wrong", .accepted),
            ("", "secret", .accepted), (nil, nil, .missing), ("", "", .missing), ("Bearer wrong", nil, .wrong),
            ("Bearer", nil, .wrong), ("Basic secret", nil, .wrong), ("Bearersecret", nil, .wrong),
            (nil, "Secret", .wrong),
            (nil, "secret ", .wrong), (nil, "Bearer secret", .wrong), ("Bearer secre", "secrets", .wrong),
        ] as [(String?, String?, AccessToken.Verdict)])
    func verdict(_ authorization: String?, _ query: String?, _ expected: AccessToken.Verdict) throws {
        let token = try #require(AccessToken("secret"))
        #expect(token.verdict(authorization: authorization, query: query) == expected)
    }

    @Test("a secret may look like a scheme, and is not compared by Unicode's equivalence")
    func oddSecrets() throws {
        let odd = try #require(AccessToken("Token a b"))
        #expect(odd.verdict(authorization: "Token a b", query: nil) == .accepted)
        #expect(odd.verdict(authorization: "Bearer Token a b", query: nil) == .accepted)
        #expect(odd.verdict(authorization: "a b", query: nil) == .wrong)
        let accented = try #require(AccessToken("\u{E9}"))
        #expect(accented.verdict(authorization: nil, query: "e\u{301}") == .wrong)
    }

    @Test("the token is taken out of its header")
    func carried() {
        #expect(AccessToken.carried(inAuthorization: "Bearer abc") == "abc")
        #expect(AccessToken.carried(inAuthorization: "tOkEn  abc def ") == "abc def")
        #expect(AccessToken.carried(inAuthorization: "abc") == "abc")
        #expect(AccessToken.carried(inAuthorization: "Bearer ") == "Bearer")
        #expect(AccessToken.carried(inAuthorization: "") == "")
        #expect(AccessToken.carried(inAuthorization: " ") == "")
        #expect(AccessToken.carried(inAuthorization: "键 值") == "键 值")
    }

    @Test("two secrets are the same if all their bytes are")
    func areEqual() {
        #expect(AccessToken.areEqual("abc".utf8, Array("abc".utf8)))
        #expect(AccessToken.areEqual([], []))
        for (left, right) in [("abc", "abd"), ("abc", "ab"), ("", "a"), ("abc", "abc\u{0}"), ("\u{0}", "")] {
            #expect(!AccessToken.areEqual(left.utf8, right.utf8))
            #expect(!AccessToken.areEqual(right.utf8, left.utf8))
        }
    }

    @Test("it is never printed")
    func description() throws {
        let token = try #require(AccessToken("secret"))
        var dumped = ""
        dump(token, to: &dumped)
        #expect("\(token)" == "***")
        #expect(!dumped.contains("secret") && !String(reflecting: token).contains("secret"))
    }
}
