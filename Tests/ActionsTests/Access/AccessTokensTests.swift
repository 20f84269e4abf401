import OneBot
import SettingsReading
import Testing

@testable import Actions

@Suite("The tokens that open the doors")
struct AccessTokensTests {
    private func settings(_ yaml: String, _ environment: [String: String] = [:]) -> Settings {
        Settings(file: ("t.yaml", yaml), environment: environment)
    }

    private func problems(_ yaml: String) -> [String] {
        let settings = settings(yaml)
        _ = AccessTokens(settings)
        return settings.problems.map(\.description)
    }

    @Test("without any token everybody may come in")
    func open() {
        let tokens = AccessTokens(settings(""))
        #expect(tokens.isEmpty)
        #expect(tokens.verdict(authorization: nil, query: nil) == .accepted(.everything))
        #expect(tokens.verdict(authorization: "Bearer x", query: nil) == .accepted(.everything))
    }

    @Test("each token opens with its own scope, whichever way it is carried; none is missing, another is wrong")
    func verdicts() {
        let settings = settings(
            """
            access_token: master
            tokens:
              - {name: reader, token: r3ader, self_ids: [7, 8], actions: [get_*, can_*], events: false}
              - name: chat
                token: ch4t
                http: false
            """)
        let tokens = AccessTokens(settings)
        #expect(settings.problems == [])
        let reader = TokenScope(
            name: "reader", bots: [SelfID(7), SelfID(8)], actions: [ActionPattern("get_*"), ActionPattern("can_*")],
            receivesEvents: false)
        for authorization in ["Bearer r3ader", "Token r3ader", "r3ader"] {
            #expect(tokens.verdict(authorization: authorization, query: nil) == .accepted(reader))
        }
        #expect(
            tokens.verdict(authorization: nil, query: "ch4t") == .accepted(TokenScope(name: "chat", usesHTTP: false)))
        #expect(tokens.verdict(authorization: "master", query: nil) == .accepted(.everything))
        #expect(tokens.verdict(authorization: nil, query: nil) == .missing)
        #expect(tokens.verdict(authorization: "", query: "") == .missing)
        #expect(tokens.verdict(authorization: "Bearer nobody", query: nil) == .wrong)
        #expect(tokens.verdict(authorization: "Bearer nobody", query: "r3ader") == .accepted(reader))
        #expect(tokens.verdict(authorization: "ch4t", query: "r3ader") == .accepted(reader), "the first set counts")
    }

    @Test("where only named tokens are set, one is asked for")
    func named() {
        let tokens = AccessTokens(settings("tokens: [{name: a, token: x, actions: []}]"))
        #expect(tokens.verdict(authorization: nil, query: nil) == .missing)
        #expect(tokens.verdict(authorization: "x", query: nil) == .accepted(TokenScope(name: "a", actions: [])))
    }

    @Test(
        "`!` takes actions out again, wherever it stands",
        arguments: [
            #"actions: ["*", "!set_restart"]"#, #"actions: ["!set_restart", "*"]"#, #"actions: "* !set_restart""#,
        ])
    func exclusions(actions: String) {
        let settings = settings("tokens: [{name: a, token: x, \(actions)}]")
        let scope = TokenScope(name: "a", actions: [.all], excludedActions: [ActionPattern("set_restart")])
        #expect(AccessTokens(settings).verdict(authorization: "x", query: nil) == .accepted(scope))
        #expect(settings.problems == [])
    }

    @Test("a token may come from the environment")
    func environment() {
        let settings = settings(
            "", ["PERPETUA_TOKENS_0_NAME": "a", "PERPETUA_TOKENS_0_TOKEN": "x", "PERPETUA_TOKENS_0_SELF_IDS": "1 2"])
        let scope = TokenScope(name: "a", bots: [SelfID(1), SelfID(2)])
        #expect(AccessTokens(settings).verdict(authorization: "x", query: nil) == .accepted(scope))
        #expect(settings.problems == [])
    }

    @Test(
        "a mistake is told with its key",
        arguments: [
            ("tokens: [{token: x}]", "tokens[0].name"), ("tokens: [{name: 'a b', token: x}]", "tokens[0].name"),
            ("tokens: [{name: a}]", "tokens[0].token"), ("tokens: [{name: a, token: ''}]", "tokens[0].token"),
            ("tokens: [{name: a, token: x}, {name: a, token: y}]", "tokens[1].name"),
            ("tokens: [{name: a, token: x}, {name: b, token: x}]", "tokens[1].token"),
            ("access_token: x\ntokens: [{name: a, token: x}]", "tokens[0].token"),
            ("tokens: [{name: a, token: x, self_ids: []}]", "tokens[0].self_ids"),
            ("tokens: [{name: a, token: x, self_ids: [0]}]", "tokens[0].self_ids"),
            ("tokens: [{name: a, token: x, self_ids: ['*', 1]}]", "tokens[0].self_ids"),
            ("tokens: [{name: a, token: x, actions: ['send msg']}]", "tokens[0].actions"),
            ("tokens: [{name: a, token: x, actions: ['*', '!']}]", "tokens[0].actions"),
            ("tokens: [{name: a, token: x, actions: ['*', 'get!']}]", "tokens[0].actions"),
            ("tokens: [{name: a, token: x, actions: ['!set_restart']}]", "tokens[0].actions"),
            ("tokens: [{name: a, token: x, events: maybe}]", "tokens[0].events"),
            ("tokens: [{name: a, token: x, htpp: true}]", "tokens[0].htpp"), ("tokens: x", "tokens"),
        ])
    func mistakes(yaml: String, key: String) {
        let problems = problems(yaml)
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("\(key) ") == true, "\(problems)")
    }

    @Test("no secret is shown, in no list and no mistake")
    func secrets() {
        let settings = settings("access_token: hunter2\ntokens: [{name: a, token: hunter2}, {name: b, token: hunter3}]")
        let tokens = AccessTokens(settings)
        let shown = "\(settings.effective)\(settings.problems)\(tokens)"
        #expect(!shown.contains("hunter"))
        #expect(settings.effective.contains { $0.hasPrefix("tokens[0].token: ***") })
    }

    @Test("tokens follow the settings, but the last one does not go without a restart")
    func following() {
        let running = settings("access_token: old")
        let tokens = AccessTokens.following(running)
        func verdict(_ token: String) -> AccessTokens.Verdict { tokens.value.verdict(authorization: token, query: nil) }
        #expect(
            running.adopt(settings("access_token: old\ntokens: [{name: a, token: new}]"))
                == .adopted(changed: ["tokens[0].name", "tokens[0].token"], pending: []))
        #expect(verdict("old") == .accepted(.everything))
        #expect(verdict("new") == .accepted(TokenScope(name: "a")))
        #expect(
            running.adopt(settings("tokens: [{name: a, token: new}]"))
                == .adopted(changed: ["access_token"], pending: []))
        #expect(verdict("old") == .wrong)
        guard case .refused(let problems) = running.adopt(settings("")) else {
            Issue.record("The last token went.")
            return
        }
        #expect(problems.map(\.key) == ["access_token"])
        #expect(verdict("new") == .accepted(TokenScope(name: "a")))
    }
}
