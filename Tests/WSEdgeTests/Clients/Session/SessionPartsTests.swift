import Actions
import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@testable import WSEdge

@Suite("Calls that wait for a bot")
struct PendingCallsTests {
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("each call ends once")
    func once() {
        var calls = PendingCalls()
        let id = calls.begin(Action(name: "get_status", params: nil), of: SelfID(1), at: now, timeout: .zero)
        let (first, second) = (calls.end(id), calls.end(id))
        #expect(first != nil)
        #expect(second == nil)
        #expect(calls.count == 0)
    }

    @Test("those past their deadline end, the others stay")
    func expire() {
        var calls = PendingCalls()
        _ = calls.begin(Action(name: "a", params: nil), of: SelfID(1), at: now, timeout: .zero)
        let later = calls.begin(Action(name: "b", params: nil), of: SelfID(1), at: now, timeout: .seconds(1))
        let (late, other) = (calls.expire(at: now), calls.end(later))
        #expect(late.map(\.action) == ["a"])
        #expect(other?.action == "b")
    }

    @Test(
        "with a bot's link gone its calls end soon, as 1503; another bot's do not, nor does one that would have ended before"
    )
    func doubt() throws {
        var calls = PendingCalls()
        let action = try Action(parsing: ByteBuffer(string: #"{"action":"a","echo":[1]}"#))
        _ = calls.begin(action, of: SelfID(1), at: now, timeout: .seconds(60))
        _ = calls.begin(action, of: SelfID(2), at: now, timeout: .seconds(60))
        _ = calls.begin(action, of: SelfID(1), at: now, timeout: .seconds(1))
        calls.doubt(SelfID(1), askedBefore: now - .nanoseconds(1), deadline: now)
        calls.doubt(SelfID(1), askedBefore: now, deadline: now + .seconds(2))
        let (soon, doubtful) = (calls.expire(at: now + .seconds(1)), calls.expire(at: now + .seconds(2)))
        #expect(soon.map { String(buffer: $0.late).contains("1504") } == [true])
        #expect(doubtful.count == 1)
        let answer = try JSONObject(try #require(doubtful.first).late)
        #expect(answer["retcode"]?.int64 == 1503)
        #expect(answer["msg"]?.string?.contains("may have been carried out") == true)
        #expect(answer.carriedOut == "unknown")
        #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[1]")
        #expect(calls.count == 1)
    }

    @Test(
        "a part of an answer gives the next one as long again; in doubt, as long as the doubt; one that ended stays so")
    func renew() {
        var calls = PendingCalls()
        let action = Action(name: "a", params: nil)
        let id = calls.begin(action, of: SelfID(1), at: now, timeout: .seconds(60))
        let first = calls.renew(id, at: now + .seconds(59))
        #expect(first)
        let early = calls.expire(at: now + .seconds(118))
        #expect(early.isEmpty)
        calls.doubt(SelfID(1), askedBefore: now, deadline: now + .seconds(2))
        let doubtful = calls.renew(id, at: now + .seconds(1))
        #expect(doubtful)
        let (soon, late) = (calls.expire(at: now + .seconds(2)), calls.expire(at: now + .seconds(3)))
        #expect(soon.isEmpty)
        #expect(late.count == 1)
        let ended = calls.renew(id, at: now)
        #expect(!ended)
    }

    @Test("what was not sent yet was not carried out; what was sent may have been")
    func carriedOut() throws {
        let action = Action(name: "a", params: nil)
        for (bot, word) in [(nil, "no"), (SelfID(1), "unknown")] {
            var calls = PendingCalls()
            _ = calls.begin(action, of: bot, at: now, timeout: .zero)
            let late = try JSONObject(try #require(calls.expire(at: now).first).late)
            #expect(late["retcode"]?.int64 == 1504)
            #expect(late.carriedOut == word)
            _ = calls.begin(action, of: bot, at: now, timeout: .zero)
            let ended = try JSONObject(try #require(calls.endAll().first).endedByUs)
            #expect(ended["retcode"]?.int64 == 1503)
            #expect(ended.carriedOut == word)
        }
    }

    @Test("all end in the order they were begun")
    func all() {
        var calls = PendingCalls()
        for name in ["a", "b", "c"] {
            _ = calls.begin(Action(name: name, params: nil), of: SelfID(1), at: now, timeout: .zero)
        }
        let ended = calls.endAll()
        #expect(ended.map(\.action) == ["a", "b", "c"])
        #expect(calls.count == 0)
    }

    @Test(
        "a correlation id is read back, another asker's is not",
        arguments: ["", "c", "c1", "c1.", "r1", "c1.2.3", "cx.1"])
    func callID(foreign: String) {
        #expect(CallID(CallID(session: 7, call: 9).text) == CallID(session: 7, call: 9))
        #expect(CallID(foreign) == nil)
    }

    @Test("a call whose bot is known later is in doubt with that bot's link; one that has ended has no bot any more")
    func addressed() throws {
        var calls = PendingCalls()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let action = try Action(parsing: ByteBuffer(string: #"{"action":"a"}"#))
        let call = calls.begin(action, of: nil, at: start, timeout: .seconds(60))
        let isThere = calls.address(call, to: SelfID(7))
        #expect(isThere)
        calls.doubt(SelfID(7), askedBefore: start, deadline: start + .seconds(2))
        let late = calls.expire(at: start + .seconds(2))
        #expect(late.map(\.bot) == [SelfID(7)])
        let isGone = calls.address(call, to: SelfID(7))
        #expect(!isGone)
    }
}

@Suite("KnownBots")
struct KnownBotsTests {
    private func bot(epoch: UInt64, online: Bool, edge: String = "e1") -> OnlineBot {
        OnlineBot(
            selfID: SelfID(1), edge: EdgeAddress(edgeID: edge, instance: "a"), epoch: epoch, isOnline: online,
            configuredIndex: 0, isSupervised: false)
    }

    @Test(
        "a link that goes, or is replaced by another, leaves what is under way in doubt; the first that comes does not")
    func doubt() {
        var bots = KnownBots()
        let steps: [(OnlineBot, PendingCalls.Doubt)] = [
            (bot(epoch: 0, online: false), .none), (bot(epoch: 5, online: true), .none),
            (bot(epoch: 5, online: true), .none), (bot(epoch: 5, online: false), .gone),
            (bot(epoch: 6, online: true), .replaced), (bot(epoch: 7, online: true, edge: "e2"), .replaced),
        ]
        for (bot, expected) in steps {
            let doubt = bots.update(bot, isDefault: true)
            #expect(doubt == expected, "epoch \(bot.epoch), online \(bot.isOnline)")
        }
    }

    @Test(
        "what a bot said of itself before anybody was told of it counts from then on; of too many such bots it is forgotten"
    )
    func early() {
        var bots = KnownBots()
        let status = ByteBuffer(string: #"{"good":false}"#)
        for number in 1...1_000 as ClosedRange<Int64> { bots.setStatus(status, of: SelfID(number)) }
        _ = bots.update(bot(epoch: 5, online: true), isDefault: true)
        #expect(bots.status(of: SelfID(1)) == status)
        _ = bots.update(bot(epoch: 5, online: false), isDefault: true)
        #expect(bots.status(of: SelfID(1)) == nil)
        let other = OnlineBot(
            selfID: SelfID(1_000), edge: EdgeAddress(edgeID: "e", instance: "a"), epoch: 1, isOnline: true,
            configuredIndex: nil, isSupervised: false)
        _ = bots.update(other, isDefault: false)
        #expect(bots.status(of: SelfID(1_000)) == nil)
    }
}

@Suite("Joining frames of one turn")
struct EventRunTests {
    @Test("frames of one bot are joined in order, another bot's begin a new run")
    func joins() {
        var run = EventRun()
        #expect(run.append(ByteBuffer(string: "a"), count: 1, of: SelfID(1)) == nil)
        #expect(run.append(ByteBuffer(string: "b"), count: 2, of: SelfID(1)) == nil)
        let full = run.append(ByteBuffer(string: "c"), count: 1, of: SelfID(2))
        #expect(full.map { String(buffer: $0.frames) } == "ab")
        #expect(full?.count == 3)
        let rest = run.take()
        #expect(rest.map { String(buffer: $0.frames) } == "c")
        let none = run.take()
        #expect(none == nil)
    }

    @Test("a run is cut before it grows too large")
    func cut() {
        var run = EventRun()
        let piece = ByteBuffer(repeating: 0, count: EventRun.maxBytes / 2 + 1)
        #expect(run.append(piece, count: 1, of: SelfID(1)) == nil)
        let full = run.append(piece, count: 1, of: SelfID(1))
        #expect(full?.count == 1)
    }
}

@Suite("How the outside reaches a port")
struct PublicAddressesTests {
    @Test("ranges and single ports are mapped, the rest stays")
    func mapping() {
        #expect(PublicAddresses.Mapping("8100-8199=9100-9199")?.outside == 9100)
        #expect(PublicAddresses.Mapping("6700=80")?.ours == 6700...6700)
        for bad in ["", "8100", "8100-8199=9100", "a=b", "2-1=2-1", "1=70000", "=1"] {
            #expect(PublicAddresses.Mapping(bad) == nil, "\(bad)")
        }
    }
}

@Suite("Who hears of clients coming and going")
struct StatusAudienceTests {
    @Test("a crowd must be asked for; who wants only itself, or nobody, hears no other")
    func hears() {
        #expect(StatusAudience.hears(nil, isSelf: false, isCrowd: false))
        #expect(!StatusAudience.hears(nil, isSelf: false, isCrowd: true))
        #expect(StatusAudience.hears(nil, isSelf: true, isCrowd: true))
        #expect(StatusAudience.hears(.all, isSelf: false, isCrowd: true))
        #expect(!StatusAudience.hears(.own, isSelf: false, isCrowd: false))
        #expect(!StatusAudience.hears(ClientStatusAudience.none, isSelf: true, isCrowd: false))
    }
}

@Suite("Ids seen last")
struct RecentIDsTests {
    @Test("a repeat is told from a first, until it is long ago")
    func recent() {
        var ids = RecentIDs(limit: 2)
        #expect(ids.insert("a") == true)
        #expect(ids.insert("a") == false)
        #expect(ids.insert("b") == true)
        #expect(ids.insert("c") == true)
        #expect(ids.insert("a") == false, "not so long ago")
        #expect(ids.insert("d") == true)
        #expect(ids.insert("e") == true)
        #expect(ids.insert("a") == true, "forgotten")
    }

    @Test("one that is forgotten may come again, however long ago it came")
    func forgotten() {
        var ids = RecentIDs(limit: 2)
        for id in ["a", "b", "c"] { #expect(ids.insert(id) == true) }
        ids.forget("a")
        ids.forget("c")
        #expect(ids.insert("b") == false)
        #expect(ids.insert("c") == true)
        #expect(ids.insert("a") == true)
    }

    @Test("of the last so many each is known")
    func bound() {
        var ids = RecentIDs(limit: 100)
        for number in 0..<1000 {
            #expect(ids.insert("m-\(number)") == true)
            for earlier in max(0, number - 99)...number { #expect(ids.insert("m-\(earlier)") == false) }
        }
    }

    @Test("an id is its asker's own, however the two are written")
    func askers() {
        var ids = RecentIDs(limit: 100)
        #expect(ids.insert("b", from: "a") == true)
        #expect(ids.insert("b", from: "c") == true)
        #expect(ids.insert("b", from: "a") == false)
        #expect(ids.insert("", from: "ab") == true)
        #expect(ids.insert("ab") == true)
        #expect(ids.insert("\u{E9}") == true)
        #expect(ids.insert("e\u{301}") == true, "compared byte for byte")
    }
}
