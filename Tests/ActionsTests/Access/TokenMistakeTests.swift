import OneBot
import SettingsReading
import Testing

@testable import Actions

@Suite("TokenMistake: what has happened to a token on its way")
struct TokenMistakeTests {
    private func mistake(_ secret: String, authorization: String? = nil, _ target: String) -> TokenMistake? {
        AccessTokens(everythingFor: AccessToken(secret)).mistake(authorization: authorization, target: target)
    }

    @Test(
        "a token that stands raw in the URL is right, and not percent-encoded",
        arguments: [
            ("a+b", "/?access_token=a+b"), ("a&b", "/?access_token=a&b"), ("100%41", "/?access_token=100%41"),
            ("a%2Bb", "/?access_token=a%2Bb"), ("a&b", "/event?x=1&access_token=a&b&self_id=*"),
            ("+", "?access_token=+"),
            ("a=b&c", "/?access_token=a=b&c"), ("a+b", "/?access_token=a+b&client_status=none"),
            ("&&", "/?access_token=&&"), ("键+", "/?access_token=键+"),
        ])
    func raw(secret: String, target: String) {
        #expect(mistake(secret, target) == .notEncoded)
    }

    @Test("one that is encoded twice, or in a header, is right as well")
    func encodedTooMuch() {
        #expect(mistake("a+b", "/?access_token=a%252Bb") == .encodedTwice)
        #expect(mistake("a b", "/?access_token=a%2520b") == .encodedTwice)
        for scheme in ["Bearer ", "Token ", ""] {
            #expect(mistake("a+b#c", authorization: scheme + "a%2Bb%23c", "/") == .encodedInHeader)
        }
    }

    @Test("one that stands in the path is behind no ?")
    func path() {
        #expect(mistake("t", "/access_token=t") == .inPath)
        #expect(mistake("t", "/event&access_token=t") == .inPath)
        #expect(mistake("t", "/") == nil)
        #expect(mistake("t", "/event?self_id=1&token=t") == nil)
        #expect(mistake("t", "") == nil)
    }

    @Test(
        "of one that is wrong nothing is said that depends on the token: not even where it is a part of it",
        arguments: ["a#b", "a&b", "a+b", "ab", "a%41"])
    func tellsNothing(secret: String) {
        for shown in ["a", "b", "", "a%23", "a&", "x", "%", "a&bc", "a+bc", "abc", "a%2541c", "a%20b"] {
            #expect(mistake(secret, "/?access_token=\(shown)") == .perhapsNotEncoded, "\(shown)")
        }
        #expect(mistake(secret, authorization: "Bearer a", "/") == nil)
    }

    @Test("whichever of the tokens it is, and no remedy holds one")
    func several() {
        let yaml = "access_token: first\ntokens: [{name: a, token: 's+cond'}, {name: b, token: 'th&rd'}]"
        let tokens = AccessTokens(Settings(file: ("t.yaml", yaml)))
        for (target, expected) in [
            ("/?access_token=s+cond", TokenMistake.notEncoded), ("/?access_token=th&rd", .notEncoded),
            ("/?access_token=s%252Bcond", .encodedTwice), ("/?access_token=firs", .perhapsNotEncoded),
        ] {
            let mistake = tokens.mistake(authorization: nil, target: target)
            #expect(mistake == expected)
            #expect(["first", "cond", "th&"].allSatisfy { mistake?.remedy.contains($0) == false })
        }
        #expect(AccessTokens.none.mistake(authorization: "x", target: "/") == nil)
    }

    @Test("each remedy says what to do")
    func remedies() {
        for mistake in [TokenMistake.notEncoded, .perhapsNotEncoded] {
            for word in ["percent-encoded", "%2B", "%26", "%23", "%25"] { #expect(mistake.remedy.contains(word)) }
        }
        #expect(TokenMistake.inPath.remedy.contains("/?access_token="))
    }
}
