import OneBot
import Testing

@testable import Actions

@Suite("What a token is for")
struct TokenScopeTests {
    @Test(
        "actions are matched by pattern; how an action is called does not matter, what it is does",
        arguments: [
            (["*"], "send_msg", true), (["*"], ".handle_quick_operation", true), ([], "get_status", false),
            (["get_*"], "get_status", true), (["get_*"], "send_msg", false), (["get_*"], "forget_it", false),
            (["send_msg"], "send_msg_async", true), (["send_msg"], "send_msg_rate_limited", true),
            (["send_msg"], "send_msg_now", false), (["send_*_msg"], "send_group_msg", true),
            (["send_*_msg"], "send_msg", false), (["get_*", "set_client_name"], "set_client_name", true),
            (["get_*"], "GET_STATUS", false), (["*_async"], "send_msg_async", false),
            (["get_*"], "send_msg_async", false), (["set_restart"], "set_restart_rate_limited", true),
        ])
    func actions(patterns: [String], action: String, isPermitted: Bool) {
        let scope = TokenScope(actions: patterns.map(ActionPattern.init))
        #expect(scope.permits(action: action) == isPermitted)
        #expect((scope.refusal(ofAction: action) == nil) == isPermitted)
    }

    @Test(
        "what is excluded is not permitted, whatever else is said",
        arguments: [
            ("set_restart", false), ("set_restart_async", false), ("set_restart_rate_limited", false),
            ("set_group_ban", false), ("set_group_kick", true), ("get_status", true), ("set_restart_now", true),
        ])
    func exclusions(action: String, isPermitted: Bool) {
        let scope = TokenScope(
            name: "shop", actions: [.all, ActionPattern("set_restart")],
            excludedActions: [ActionPattern("set_restart"), ActionPattern("set_*_ban")])
        #expect(scope.permits(action: action) == isPermitted)
        #expect(scope.refusal(ofAction: action)?.contains("!set_restart, !set_*_ban") == (isPermitted ? nil : true))
    }

    @Test("bots, events and HTTP are each refused with a sentence that says what to do")
    func refusals() {
        let scope = TokenScope(name: "shop", bots: [SelfID(7)], receivesEvents: false, usesHTTP: false)
        #expect(scope.refusal(ofBot: SelfID(7)) == nil)
        for sentence in [scope.refusal(ofBot: SelfID(8)), scope.refusalOfEvents, scope.refusalOfHTTP] {
            #expect(sentence?.contains("The token “shop” is not for") == true)
            #expect(
                sentence?.contains("Show another token") == true || sentence?.contains("show another token") == true)
        }
        #expect(TokenScope.everything.refusal(ofBot: SelfID(8)) == nil)
        #expect(TokenScope.everything.refusalOfEvents == nil)
        #expect(TokenScope.everything.refusalOfHTTP == nil)
    }

    @Test("an endless name of an action is not repeated whole")
    func long() {
        let sentence = TokenScope(actions: []).refusal(ofAction: String(repeating: "x", count: 10_000))
        #expect((sentence?.count ?? 0) < 500)
    }
}
