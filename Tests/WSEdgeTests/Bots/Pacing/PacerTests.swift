import Actions
import NIOCore
import TestSupport
import Testing

@testable import WSEdge

@Suite("Pacer")
struct PacerTests {
    private let start = NIODeadline.uptimeNanoseconds(10_000_000_000)

    private func limit(_ rate: String, burst: Int = 1) throws -> PacingConfiguration.Limit {
        PacingConfiguration.Limit(try #require(PacingRate(rate)), burst: burst)
    }

    private func pacer(
        bot: PacingConfiguration.Limit? = nil, chat: PacingConfiguration.Limit? = nil, maxWait: Duration = .seconds(60),
        maxQueued: Int = 1000, maxBytes: Int = 1 << 20
    ) -> Pacer<String> {
        var configuration = PacingConfiguration()
        configuration.bot = bot
        configuration.chat = chat
        configuration.maxWait = maxWait
        configuration.maxQueued = maxQueued
        return Pacer(configuration, maxBytes: maxBytes)
    }

    private func request(
        _ asker: String, group: String? = nil, priority: Int = 0, bytes: Int = 1, expiration: Duration? = nil
    ) -> Pacer<String>.Request {
        Pacer.Request(
            asker: asker, chat: group.map { PacedChat(.group, $0) }, priority: priority, bytes: bytes,
            expiration: expiration)
    }

    /// Adds an item; returns why it was refused, or `nil`.
    private func add(
        _ item: String, _ request: Pacer<String>.Request, to pacer: inout Pacer<String>
    ) -> Pacer<String>.Refusal? {
        switch pacer.add(item, request, at: start) {
        case .waits: return nil
        case .refused(let refusal): return refusal
        case .displaces(let other, _):
            Issue.record("\(other) was displaced")
            return nil
        }
    }

    /// Lets time pass until nothing waits; returns what was sent when, and what was late.
    private func run(
        _ pacer: inout Pacer<String>, from begin: NIODeadline? = nil
    ) -> (sent: [(item: String, at: NIODeadline)], late: [String]) {
        var now = begin ?? start
        var sent: [(item: String, at: NIODeadline)] = []
        var late: [String] = []
        while pacer.count > 0 {
            late += pacer.expire(at: now)
            while let release = pacer.next(at: now) { sent.append((release.item, now)) }
            guard let wake = [pacer.nextRelease, pacer.nextDeadline].compactMap({ $0 }).min() else { break }
            #expect(wake > now, "time goes on")
            now = max(wake, now + .nanoseconds(1))
        }
        return (sent, late)
    }

    @Test(
        "five clients with 200 messages each at 20/s: at most 20 in any second after the burst, fair, and all go",
        arguments: [1, 20])
    func acceptance(burst: Int) throws {
        var pacer = pacer(bot: try limit("20/s", burst: burst))
        for client in 1...5 {
            for number in 1...200 {
                #expect(add("\(client).\(number)", request("client \(client)", group: "g"), to: &pacer) == nil)
            }
        }
        let (sent, late) = run(&pacer)
        #expect(late == [])
        #expect(sent.count == 1000)
        #expect(Set(sent.map(\.item)).count == 1000)
        let afterBurst = sent.map(\.at).dropFirst(burst == 1 ? 0 : burst)
        for (index, first) in zip(afterBurst.indices, afterBurst) {
            #expect(afterBurst[index...].prefix { $0 < first + .seconds(1) }.count <= 20)
        }
        #expect(sent.prefix(burst).allSatisfy { $0.at == start })
        let last = try #require(sent.last)
        #expect(last.at == start + .milliseconds(50) * (1000 - burst))
        // Fair: one item of each client in every round, each client's items in order.
        for round in 0..<200 {
            let items = sent[(round * 5)..<(round * 5 + 5)].map(\.item)
            #expect(items == (1...5).map { "\($0).\(round + 1)" })
        }
    }

    @Test("who asks much does not make the others wait for longer than a turn")
    func fairness() throws {
        var pacer = pacer(bot: try limit("10/s"))
        for number in 1...100 { _ = pacer.add("loud \(number)", request("loud"), at: start) }
        _ = pacer.next(at: start)
        _ = pacer.add("quiet 1", request("quiet"), at: start)
        _ = pacer.add("quiet 2", request("quiet"), at: start)
        let (sent, _) = run(&pacer)
        #expect(sent.prefix(4).map(\.item) == ["loud 2", "quiet 1", "loud 3", "quiet 2"])
    }

    @Test("the higher priority goes first, within one asker and chat in order")
    func priority() throws {
        var pacer = pacer(bot: try limit("10/s"))
        for (name, priority) in [("a", 0), ("b", 0), ("c", 9), ("d", 5), ("e", 9), ("f", 200), ("g", -3)] {
            _ = pacer.add(name, request("me", priority: priority), at: start)
        }
        #expect(run(&pacer).sent.map(\.item) == ["c", "e", "f", "d", "a", "b", "g"])
    }

    @Test("a chat that must wait holds up neither other chats nor other clients; what is for it stays in order")
    func chats() throws {
        var pacer = pacer(chat: try limit("1/s"))
        for (name, group) in [("x1", "x"), ("x2", "x"), ("x3", "x"), ("y1", "y")] {
            _ = pacer.add(name, request("a", group: group), at: start)
        }
        _ = pacer.add("z1", request("b", group: "z"), at: start)
        _ = pacer.add("no chat", request("b"), at: start)
        let (sent, _) = run(&pacer)
        #expect(Set(sent.filter { $0.at == start }.map(\.item)) == ["x1", "y1", "z1", "no chat"])
        #expect(sent.suffix(2).map(\.item) == ["x2", "x3"])
        #expect(sent.suffix(2).map(\.at) == [start + .seconds(1), start + .seconds(2)])
    }

    @Test("two clients that speak to one chat share its rate")
    func sharedChat() throws {
        var pacer = pacer(chat: try limit("1/s"))
        for number in 1...3 {
            for asker in ["a", "b"] { _ = pacer.add("\(asker)\(number)", request(asker, group: "g"), at: start) }
        }
        let (sent, _) = run(&pacer)
        #expect(sent.map(\.item) == ["a1", "b1", "a2", "b2", "a3", "b3"])
        #expect(sent.map(\.at) == (0..<6).map { start + .seconds($0) })
    }

    @Test("both limits hold together")
    func bothLimits() throws {
        var pacer = pacer(bot: try limit("10/s"), chat: try limit("1/s"))
        for number in 1...3 {
            for group in ["g", "h"] { _ = pacer.add("\(group)\(number)", request("a", group: group), at: start) }
        }
        let (sent, _) = run(&pacer)
        let begin = start
        #expect(sent.map { ($0.at - begin).nanoseconds / 1_000_000 } == [0, 100, 1000, 1100, 2000, 2100])
    }

    @Test("what would wait longer than it may is taken out, not sent: by pacing.max_wait, or its own expiration")
    func deadlines() throws {
        var pacer = pacer(bot: try limit("1/s"), maxWait: .seconds(3))
        for number in 0..<6 { _ = pacer.add("\(number)", request("a"), at: start) }
        _ = pacer.add("impatient", request("b", expiration: .milliseconds(500)), at: start)
        _ = pacer.add("patient", request("c", expiration: .seconds(9999)), at: start)
        let (sent, late) = run(&pacer)
        #expect(sent.map(\.item) == ["0", "patient", "1"])
        #expect(late == ["impatient", "2", "3", "4", "5"])
    }

    @Test("one over the bound is refused with its place and when to come back, and has room once one has gone")
    func bound() throws {
        var pacer = pacer(bot: try limit("2/s"), maxQueued: 3)
        for number in 1...3 { #expect(add("\(number)", request("a"), to: &pacer) == nil) }
        #expect(
            add("4", request("a"), to: &pacer)
                == Pacer<String>.Refusal(retryAfter: .milliseconds(1500), position: 4))
        #expect(pacer.next(at: start)?.item == "1")
        #expect(add("5", request("b"), to: &pacer) == nil)
        #expect(run(&pacer).sent.map(\.item) == ["2", "5", "3"])
    }

    @Test("where it is full, who has less that waits takes the last place of who has most; nobody can keep others out")
    func displacing() throws {
        var pacer = pacer(bot: try limit("1/s"), maxQueued: 4)
        for (name, priority) in [("1", 9), ("2", 0), ("3", 0), ("4", 5)] {
            #expect(add(name, request("loud", priority: priority), to: &pacer) == nil)
        }
        func displaced(_ item: String, by asker: String) -> String? {
            switch pacer.add(item, request(asker), at: start) {
            case .displaces(let other, _): other
            case .refused: "itself"
            case .waits: nil
            }
        }
        #expect(displaced("5", by: "loud") == "itself")
        #expect(displaced("a", by: "quiet") == "3", "the newest of the lowest priority")
        #expect(displaced("b", by: "quiet") == "2")
        #expect(displaced("c", by: "quiet") == "itself", "both have as much")
        #expect(displaced("x", by: "third") == "b")
        #expect(pacer.count == 4)
        #expect(run(&pacer).sent.map(\.item) == ["1", "4", "a", "x"])
    }

    @Test("a chat's own queue says when to come back")
    func chatEstimate() throws {
        var pacer = pacer(bot: try limit("10/s"), chat: try limit("1/s"), maxQueued: 2)
        for number in 1...2 { _ = pacer.add("\(number)", request("a", group: "g"), at: start) }
        #expect(add("3", request("a", group: "g"), to: &pacer)?.retryAfter == .seconds(2))
        #expect(add("3", request("a", group: "h"), to: &pacer)?.retryAfter == .milliseconds(200))
    }

    @Test("above the bytes nothing more waits, but one large action always may")
    func byteBound() throws {
        var pacer = pacer(bot: try limit("1/s"), maxBytes: 10)
        #expect(add("1", request("a", bytes: 100), to: &pacer) == nil)
        #expect(add("2", request("a", bytes: 1), to: &pacer) != nil)
        _ = pacer.next(at: start)
        #expect(add("3", request("a", bytes: 10), to: &pacer) == nil)
        #expect(add("4", request("a", bytes: 1), to: &pacer) != nil)
        #expect(pacer.removeAll() == ["3"])
        #expect(add("5", request("a", bytes: 10), to: &pacer) == nil)
    }

    @Test("with everything taken out nothing waits, and what has gone still counts")
    func removeAll() throws {
        var pacer = pacer(bot: try limit("1/s"))
        for name in ["a", "b", "c"] { _ = pacer.add(name, request(name, priority: name == "c" ? 9 : 0), at: start) }
        #expect(pacer.next(at: start)?.item == "c")
        #expect(pacer.removeAll() == ["a", "b"])
        #expect(pacer.count == 0)
        #expect(pacer.nextRelease == nil)
        #expect(pacer.nextDeadline == nil)
        _ = pacer.add("d", request("d"), at: start)
        #expect(pacer.next(at: start) == nil)
        #expect(pacer.nextRelease == start + .seconds(1))
        #expect(pacer.next(at: start + .seconds(1))?.item == "d")
    }

    @Test(
        "whatever comes, everything goes once or is late once, no limit is exceeded, and each chat's order holds",
        arguments: UInt64(1)...30)
    func anything(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let burst = Int.random(in: 1...4, using: &random)
        var pacer = pacer(
            bot: try limit("50/s", burst: burst), chat: try limit("10/s"), maxWait: .seconds(5), maxQueued: 60)
        var now = start
        var sent: [(asker: Int, chat: Int, number: Int, at: NIODeadline)] = []
        var added: Set<String> = []
        var ended: [String] = []
        func parse(_ item: String) -> [Int] { item.split(separator: ".").compactMap { Int($0) } }
        func advance(to end: NIODeadline) {
            while true {
                for item in pacer.expire(at: now) { ended.append(item) }
                while let release = pacer.next(at: now) {
                    let parts = parse(release.item)
                    ended.append(release.item)
                    sent.append((parts[0], parts[1], parts[2], now))
                }
                let wake = [pacer.nextRelease, pacer.nextDeadline].compactMap { $0 }.min()
                guard let wake, wake <= end else { break }
                now = wake
            }
            now = end == .distantFuture ? now : end
        }
        for number in 1...600 {
            let (asker, chat) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...6, using: &random))
            let item = "\(asker).\(chat).\(number)"
            added.insert(item)
            switch pacer.add(item, request("\(asker)", group: "\(chat)"), at: now) {
            case .waits: break
            case .refused: ended.append(item)
            case .displaces(let other, _): ended.append(other)
            }
            advance(to: now + .milliseconds(Int64.random(in: 0...20, using: &random)))
        }
        advance(to: .distantFuture)
        #expect(Set(ended) == added, "seed \(seed)")
        #expect(ended.count == added.count, "seed \(seed)")
        for asker in 1...4 {
            for chat in 1...6 {
                let numbers = sent.filter { $0.asker == asker && $0.chat == chat }.map(\.number)
                #expect(numbers == numbers.sorted(), "seed \(seed)")
            }
        }
        for chat in 1...6 {
            let times = sent.filter { $0.chat == chat }.map(\.at)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(100) }, "seed \(seed)")
        }
        let times = sent.map(\.at)
        for (index, first) in times.enumerated() {
            #expect(times[index...].prefix { $0 < first + .seconds(1) }.count <= 50 + burst - 1, "seed \(seed)")
        }
    }
}
