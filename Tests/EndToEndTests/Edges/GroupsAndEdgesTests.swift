import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Clients of a group, and edges that go", .timeLimit(.minutes(4)))
    struct GroupsAndEdgesTests {
        private static let chats = 100

        private static func emit(_ numbers: ClosedRange<Int>, from bot: FakeBot) async throws {
            try await bot.bot.emit(numbers: numbers) { number in
                ByteBuffer(
                    string:
                        #"{"time":1,"post_type":"message","message_type":"group","group_id":\#(1 + number % chats),"#
                        + #""user_id":7,"number":\#(number)}"#)
            }
        }

        private static func wait(for members: [GroupClient], toHave numbers: ClosedRange<Int>) async throws {
            try await eventually(within: .seconds(60), "every event is there") {
                Set(numbers).subtracting(members.flatMap(\.numbers)).sorted()
            } until: {
                $0.isEmpty
            }
        }

        /// Which edge holds the bot's link.
        private static func holder(of edges: [DeployedService]) async throws -> Int {
            let found = try await eventually(within: .seconds(30), "an edge holds the bot's link") {
                var found: Int?
                for (index, edge) in edges.enumerated() where edge.program.isRunning {
                    let page = try await FakeHTTP.get(edge.health + "/metrics").body
                    if page.contains("perpetua_bots{state=\"up\"} 1") { found = index }
                }
                return found
            } until: {
                $0 != nil
            }
            return try #require(found)
        }

        @Test(
            "an edge that is stopped hands on what comes for its members: nothing is missing, nothing comes twice",
            .overRabbitMQ)
        func stopped() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            try await withFakeBot { bot in
                try await withDeployment(on: broker, Deployment.Plan(edges: 3, gateways: 0, bots: [bot.url])) {
                    deployment in
                    let holder = try await Self.holder(of: deployment.edges)
                    var members: [GroupClient] = []
                    for edge in deployment.edges {
                        for _ in 0..<2 { members.append(try await .connect(to: edge.ws + "/?group=g")) }
                    }
                    let other = (holder + 1) % 3
                    try await Self.emit(1...1_000, from: bot)
                    try await Self.wait(for: members, toHave: 1...1_000)
                    async let stopping = deployment.edges[other].stop()
                    var last = 1_000
                    while members[2 * other].ledger.ending == nil || members[2 * other + 1].ledger.ending == nil {
                        try await Self.emit(last + 1...last + 20, from: bot)
                        last += 20
                    }
                    #expect(try await stopping == 0)
                    try await Self.emit(last + 1...last + 500, from: bot)
                    try await Self.wait(for: members, toHave: 1...last + 500)
                    #expect(members.flatMap(\.numbers).count == last + 500)
                }
            }
        }

        @Test(
            "an edge that takes the bot's link over leaves every chat with its member, whoever has joined meanwhile",
            .overRabbitMQ)
        func takenOver() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            try await withFakeBot { bot in
                try await withDeployment(on: broker, Deployment.Plan(edges: 3, gateways: 0, bots: [bot.url])) {
                    deployment in
                    let holder = try await Self.holder(of: deployment.edges)
                    let others = [(holder + 1) % 3, (holder + 2) % 3].map { deployment.edges[$0] }
                    var members: [GroupClient] = []
                    for edge in others { members.append(try await .connect(to: edge.ws + "/?group=g")) }
                    try await GroupClient.areKnown(at: [deployment.edges[holder].ws])
                    try await Self.emit(1...200, from: bot)
                    try await Self.wait(for: members, toHave: 1...200)
                    for edge in others { members.append(try await .connect(to: edge.ws + "/?group=g")) }
                    try await deployment.edges[holder].kill()
                    _ = try await Self.holder(of: others)
                    try await Self.emit(201...400, from: bot)
                    try await Self.wait(for: members, toHave: 1...400)
                    #expect(members.flatMap(\.numbers).count == 400)
                    for member in members.prefix(2) {
                        let chats = { (numbers: ClosedRange<Int>) in
                            Set(member.numbers.filter { numbers.contains($0) }.map { $0 % Self.chats })
                        }
                        #expect(!chats(1...200).isEmpty)
                        #expect(chats(1...200) == chats(201...400))
                    }
                }
            }
        }
    }
}
