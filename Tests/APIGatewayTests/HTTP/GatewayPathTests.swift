import Testing

@testable import APIGateway

@Suite struct GatewayPathTests {
    @Test(
        "an action is named with or without /api, with or without a slash at the end",
        arguments: ["/api/send_msg", "/send_msg", "/api/send_msg/", "/send_msg/"])
    func actions(_ path: String) {
        #expect(GatewayPath(path) == .action("send_msg"))
    }

    @Test("dotted and asynchronous actions are names too")
    func names() {
        #expect(GatewayPath("/.handle_quick_operation_async") == .action(".handle_quick_operation_async"))
        #expect(
            GatewayPath("/api/" + String(repeating: "a", count: 128)) == .action(String(repeating: "a", count: 128)))
        #expect(GatewayPath("/api/api") == .action("api"))
    }

    @Test(
        "anything else is nothing",
        arguments: [
            "", "/", "//", "/api", "/api/", "/api//x", "/a/b", "/api/a/b", "/send%5Fmsg", "/send-msg", "/send msg",
            "/ä",
            "send_msg", "/api/../x", "/x//", "/\u{212A}", "/api/" + String(repeating: "a", count: 129),
        ])
    func unknown(_ path: String) {
        #expect(GatewayPath(path) == .unknown)
    }

    @Test("health checks have paths of their own")
    func health() {
        #expect(GatewayPath("/health/live") == .live)
        #expect(GatewayPath("/health/ready") == .ready)
        #expect(GatewayPath("/metrics") == .metrics)
        #expect(GatewayPath("/api/metrics") == .action("metrics"))
        #expect(GatewayPath("/health/else") == .unknown)
        #expect(GatewayPath("/api/health/live") == .unknown)
    }
}
