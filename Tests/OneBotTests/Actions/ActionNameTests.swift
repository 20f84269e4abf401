import OneBot
import Testing

@Suite("The name of an action, as it is called") struct ActionNameTests {
    @Test(
        "OneBot's two suffixes say how, and are no part of what is to be done",
        arguments: [
            ("send_msg", "send_msg", .answered), ("send_msg_async", "send_msg", .async),
            ("send_group_msg_rate_limited", "send_group_msg", .rateLimited),
            (".handle_quick_operation_async", ".handle_quick_operation", .async),
            ("send_msg_async_rate_limited", "send_msg_async", .rateLimited),
            ("send_msg_Async", "send_msg_Async", .answered), ("async", "async", .answered),
            ("get_basic", "get_basic", .answered), ("rate_limited", "rate_limited", .answered),
            ("_async", "_async", .answered), ("_rate_limited", "_rate_limited", .answered),
            ("x_async", "x", .async), ("发_async", "发", .async), ("", "", .answered),
        ] as [(String, String, ActionName.Manner)])
    func names(called: String, plain: String, manner: ActionName.Manner) {
        let name = ActionName(called)
        #expect(name.plain == plain)
        #expect(name.manner == manner)
        #expect(name.isAnsweredAtOnce == (manner != .answered))
    }
}
