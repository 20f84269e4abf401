import Contracts
import OneBot
import Testing

@testable import WSEdge

@Suite("What an edge tells the registry")
struct LeaseBookTests {
    let grant = SessionGrant(appID: "a", clientToken: "t")

    func claim(_ id: UInt64) -> SessionClaim {
        SessionClaim(
            sessionID: id, role: .universal, transport: .websocket, selfID: nil, connectedAt: 0,
            remoteAddress: "127.0.0.1:1")
    }

    func book() -> LeaseBook { LeaseBook(edge: EdgeAddress(edgeID: "e", instance: "1")) }

    @Test("a session that went is reported once")
    func left() throws {
        var book = book()
        book.opened(claim(1))
        book.granted(grant, to: 1)
        book.settled(1)
        book.closed(1)
        let changes = book.changes()
        let report = try #require(changes)
        #expect(report.kind == .change)
        #expect(report.left == [1])
        #expect(report.sessionCount == 0)
        let again = book.changes()
        #expect(again == nil)
    }

    @Test("a session that goes while its registration is on the way is reported after that is settled")
    func leftEarly() throws {
        var book = book()
        book.opened(claim(1))
        book.closed(1)
        let early = book.changes()
        #expect(early == nil)
        #expect(!book.isLive(1))
        book.settled(1)
        let late = book.changes()
        #expect(late?.left == [1])
    }

    @Test("a full report holds what lives here, sessions not yet granted included")
    func full() {
        var book = book()
        book.opened(claim(1))
        book.opened(claim(2))
        book.granted(grant, to: 2)
        book.opened(claim(3))
        book.closed(3)
        let report = book.full()
        #expect(report.sessions.map(\.sessionID) == [1, 2])
        #expect(report.sessions.map(\.granted) == [nil, grant])
        #expect(report.sessionCount == 1)
    }

    @Test("sequences have no holes, whatever the kind")
    func sequence() {
        var book = book()
        let (full, renewal) = (book.full(), book.renewal())
        #expect(full.sequence == 1)
        #expect(renewal.sequence == 2)
        book.closed(EdgeAPI.ClosePort(port: 8100, appID: "a"))
        let change = book.renewal()
        #expect((change.kind, change.sequence) == (.change, 3))
        #expect(change.closedPorts == [EdgeAPI.ClosePort(port: 8100, appID: "a")])
        let (next, end) = (book.renewal(), book.end())
        #expect(next.kind == .renew)
        #expect(end.kind == .down)
    }

    @Test("the last state of a bot that changed is told")
    func bots() throws {
        var book = book()
        var bot = OnlineBot(
            selfID: SelfID(1), edge: EdgeAddress(edgeID: "e", instance: "1"), epoch: 1, isOnline: true,
            configuredIndex: 0,
            isSupervised: false)
        book.changed(bot)
        bot.isOnline = false
        book.changed(bot)
        let (change, full) = (book.changes(), book.full())
        #expect(change?.bots == [bot])
        #expect(full.bots == [bot])
    }

    @Test("a session whose bot became known later is told once")
    func bound() {
        var book = book()
        book.opened(claim(1))
        book.granted(grant, to: 1)
        book.bound(1, to: SelfID(7))
        let change = book.changes()
        #expect(change?.sessions.map(\.selfID) == [SelfID(7)])
        book.bound(1, to: SelfID(7))
        let again = book.changes()
        #expect(again == nil)
    }

    @Test("draining is told")
    func drain() throws {
        var book = book()
        book.drain()
        let change = book.changes()
        #expect(change?.isReady == false)
    }
}
