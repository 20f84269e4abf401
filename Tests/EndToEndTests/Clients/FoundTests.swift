import Bus
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Whoever was told so is found", .timeLimit(.minutes(4)))
    struct FoundTests {
        typealias Member = OwnActionTests.Member

        private static let rounds = 150

        /// How many targets were reached; `nil` where the broadcast failed.
        private static func targets(_ answer: ReceivedFrame) -> Int64? {
            answer.int("retcode") == 0 ? answer.json?["data"]?.object?["targets"]?.int64 : nil
        }

        private static func broadcast(_ round: Int, from member: Member, to clients: String? = nil) async throws
            -> ReceivedFrame
        {
            let list = clients.map { #","clients":[\#($0)]"# } ?? ""
            return try await member.client.call(
                "send_broadcast_data", params: #"{"data":"\#(round)"\#(list)}"#, echo: #""b\#(round)""#)
        }

        private static func name(_ name: String, _ member: Member) async throws -> Int64? {
            try await member.client.call("set_client_name", params: #"{"name":"\#(name)"}"#, echo: #""\#(name)""#)
                .int("retcode")
        }

        @Test("by a name, once its holder has the answer")
        func named() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("client_status: none", bots: [bot.url]) { perpetua in
                    let (holder, other) = (try await Member(perpetua), try await Member(perpetua))
                    var missed: [Int] = []
                    for round in 1...Self.rounds {
                        #expect(try await Self.name("n\(round)", holder) == 0)
                        let answer = try await Self.broadcast(round, from: other, to: #"{"client_name":"n\#(round)"}"#)
                        if Self.targets(answer) != 1 { missed.append(round) }
                    }
                    #expect(missed.isEmpty)
                }
            }
        }

        @Test("by its app_id and as one of all, once it has its lifecycle; and it gets what was sent")
        func arrived() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("client_status: none", bots: [bot.url]) { perpetua in
                    let other = try await Member(perpetua)
                    var members: [Member] = []
                    var missed: [Int] = []
                    for round in 1...Self.rounds {
                        let member = try await Member(perpetua)
                        members.append(member)
                        let isToAll = round.isMultiple(of: 2)
                        let answer = try await Self.broadcast(
                            round, from: other, to: isToAll ? nil : #"{"app_id":"\#(member.appID)"}"#)
                        if Self.targets(answer) != Int64(isToAll ? round : 1) { missed.append(round) }
                    }
                    try #require(missed.isEmpty)
                    for (index, member) in members.enumerated() {
                        let event = try await member.client.nextEvent("distributed", "broadcast")
                        #expect(event["data"] == "\(index + 1)")
                    }
                }
            }
        }

        @Test("at every edge, and over HTTP in another one's name", .overMemory)
        func elsewhere() async throws {
            try await withFakeBot { bot in
                try await withDeployment("client_status: none", edges: [[bot.url], [bot.url], []]) { deployment in
                    let holder = try await Member(ws: deployment.edges[0].ws)
                    let near = try await Member(ws: deployment.edges[1].ws)
                    let far = try await Member(ws: deployment.edges[2].ws)
                    var missed: [Int] = []
                    for round in 1...Self.rounds {
                        #expect(try await Self.name("n\(round)", holder) == 0)
                        let target = #"{"client_name":"n\#(round)"}"#
                        let answers = try await [
                            Self.broadcast(round, from: near, to: target), Self.broadcast(round, from: far, to: target),
                        ]
                        let posted = try await FakeHTTP.post(
                            deployment.http + "/api/send_broadcast_data",
                            json: #"{"data":"d","clients":[\#(target)],"client_token":"\#(near.token)"}"#)
                        if answers.contains(where: { Self.targets($0) != 1 }) || posted.data?["targets"]?.int64 != 1 {
                            missed.append(round)
                        }
                    }
                    #expect(missed.isEmpty)
                }
            }
        }

        @Test("a program on the broker, once register_client has answered; and by it, whoever is there")
        func program() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("client_status: none", bots: [bot.url]) { perpetua in
                    let (holder, other) = (try await Member(perpetua), try await Member(perpetua))
                    let program = try await BrokerProgram(at: perpetua.broker, exchanges: perpetua.exchanges)
                    var missed: [Int] = []
                    for round in 1...Self.rounds / 3 {
                        let registered = try await program.call(
                            #"{"action":"register_client","params":{"name":"p\#(round)"}}"#, key: "gateway")
                        let token = try #require(registered["data"]?.object?["client_token"]?.string)
                        // The program is found, though it has no queue yet for messages to it.
                        let answer = try await Self.broadcast(round, from: other, to: #"{"client_name":"p\#(round)"}"#)
                        #expect(try await Self.name("n\(round)", holder) == 0)
                        let sent = try await program.call(
                            #"{"action":"send_broadcast_data","params":{"data":"d","clients":[{"client_name":"n\#(round)"}]}}"#,
                            key: "gateway", clientToken: token)
                        if answer.int("retcode") != 0 || sent["data"]?.object?["targets"]?.int64 != 1 {
                            missed.append(round)
                        }
                    }
                    #expect(missed.isEmpty)
                }
            }
        }

        @Test("a callback by name reaches who has the name now, not who had it", .overMemory)
        func callback() async throws {
            try await withFakeBot { bot in
                try await withDeployment("client_status: none", edges: [[bot.url], []]) { deployment in
                    let (one, two) = (
                        try await Member(ws: deployment.edges[0].ws), try await Member(ws: deployment.edges[0].ws)
                    )
                    let other = try await Member(ws: deployment.edges[1].ws)
                    var wrong: [Int] = []
                    for round in 1...Self.rounds / 3 {
                        let (holder, former) = round.isMultiple(of: 2) ? (one, two) : (two, one)
                        #expect(try await Self.name("former\(round)", former) == 0)
                        #expect(try await Self.name("host", holder) == 0)
                        let answer = try await other.client.call(
                            "send_broadcast_data_callback",
                            params: #"{"client":{"client_name":"host"},"uuid":"\#(round)","data":""}"#,
                            echo: "\(round)")
                        #expect(answer.int("retcode") == 0)
                        if try await Self.gets("\(round)", holder) == false { wrong.append(round) }
                    }
                    #expect(wrong.isEmpty)
                }
            }
        }

        private static func gets(_ uuid: String, _ member: Member) async throws -> Bool {
            // `try?`: this takes the whole time only where the callback went to somebody else.
            (try? await member.client.next("the callback", within: .seconds(5)) { $0["uuid"] == uuid }) != nil
        }

        @Test("who has heard that a client is gone finds its name free, and nobody reaches it any more", .overMemory)
        func gone() async throws {
            try await withFakeBot { bot in
                try await withDeployment(edges: [[bot.url], [], []]) { deployment in
                    let heir = try await Member(ws: deployment.edges[1].ws)
                    let other = try await Member(ws: deployment.edges[2].ws, "?client_status=none")
                    var wrong: [Int] = []
                    for round in 1...Self.rounds / 3 {
                        let holder = try await Member(ws: deployment.edges[0].ws, "?client_status=none")
                        #expect(try await Self.name("n\(round)", holder) == 0)
                        try await holder.client.close()
                        _ = try await heir.client.next("it went") {
                            $0["notice_type"] == "client_status" && $0.json?["online"]?.bool == false
                                && $0.json?["client"]?.object?["app_id"]?.string == holder.appID
                        }
                        let gone = try await Self.broadcast(round, from: other, to: #"{"app_id":"\#(holder.appID)"}"#)
                        let named = try await Self.name("n\(round)", heir)
                        let answer = try await Self.broadcast(round, from: other, to: #"{"client_name":"n\#(round)"}"#)
                        if gone.int("retcode") != 1404 || named != 0 || Self.targets(answer) != 1 {
                            wrong.append(round)
                        }
                    }
                    #expect(wrong.isEmpty)
                }
            }
        }

        @Test(
            "who has heard that a client has come reaches it, whether or not it has its own lifecycle yet", .overMemory)
        func announced() async throws {
            try await withFakeBot { bot in
                try await withDeployment(edges: [[bot.url], []]) { deployment in
                    let other = try await Member(ws: deployment.edges[1].ws)
                    for round in 1...Self.rounds / 3 {
                        let client = try await FakeClient.connect(to: deployment.edges[0].ws + "/?client_status=none")
                        let status = try await other.client.next("it came") {
                            $0["notice_type"] == "client_status" && $0.json?["online"]?.bool == true
                                && $0.json?["self_client"]?.bool == false
                        }
                        let appID = try #require(status.json?["client"]?.object?["app_id"]?.string)
                        let answer = try await Self.broadcast(round, from: other, to: #"{"app_id":"\#(appID)"}"#)
                        #expect(Self.targets(answer) == 1)
                        #expect(try await client.nextEvent("distributed", "broadcast")["data"] == "\(round)")
                        try await client.close()
                    }
                }
            }
        }

        @Test("where it is now, when it has come back at another edge", .overMemory)
        func moved() async throws {
            try await withFakeBot { bot in
                try await withDeployment("client_status: none", edges: [[bot.url], [], []]) { deployment in
                    let other = try await Member(ws: deployment.edges[2].ws)
                    var member = try await Member(ws: deployment.edges[0].ws, "?resume=60")
                    let me = #"{"app_id":"\#(member.appID)"}"#
                    for round in 1...Self.rounds / 3 {
                        member = try await Member(
                            ws: deployment.edges[round % 2].ws, "?resume=60&client_token=\(member.token)")
                        #expect(Self.targets(try await Self.broadcast(round, from: other, to: me)) == 1)
                        #expect(try await member.client.nextEvent("distributed", "broadcast")["data"] == "\(round)")
                    }
                }
            }
        }

        @Test("over RabbitMQ, between two edges", .overRabbitMQ)
        func overRabbitMQ() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            try await withFakeBot { bot in
                var plan = Deployment.Plan(edges: 2, bots: [bot.url])
                plan.settings = ["--client_status", "none"]
                try await withDeployment(on: broker, plan) { deployment in
                    let other = try await Member(ws: deployment.edges[1].ws)
                    let holder = try await Member(ws: deployment.edges[0].ws)
                    var missed: [Int] = []
                    for round in 1...Self.rounds {
                        let member = try await Member(ws: deployment.edges[0].ws)
                        let arrived = try await Self.broadcast(round, from: other)
                        #expect(try await Self.name("n\(round)", holder) == 0)
                        let named = try await Self.broadcast(round, from: other, to: #"{"client_name":"n\#(round)"}"#)
                        if Self.targets(arrived) ?? 0 < 2 || Self.targets(named) != 1 { missed.append(round) }
                        try await member.client.close()
                    }
                    #expect(missed.isEmpty)
                }
            }
        }
    }
}
