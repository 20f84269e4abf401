import Contracts
import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("Clients that came, and of whom nobody was told yet")
struct ArrivalsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var arrivals = Arrivals(delay: .seconds(1))

    private func client(_ appID: String, session: UInt64, name: String? = nil) -> OnlineClient {
        OnlineClient(
            appID: appID, clientName: name, role: .universal, transport: .websocket,
            edge: EdgeAddress(edgeID: "e", instance: "i"), sessionID: session, selfID: nil, connectedAt: 0,
            remoteAddress: "")
    }

    @Test("each is told of when its moment is over, in the order in which they came, and once")
    mutating func due() {
        arrivals.came(client("a", session: 1), at: start)
        arrivals.came(client("b", session: 2), at: start + .milliseconds(500))
        let early = arrivals.due(at: start + .milliseconds(999))
        #expect(early.isEmpty)
        #expect(arrivals.nextDue == start + .seconds(1))
        let first = arrivals.due(at: start + .seconds(1))
        #expect(first.map(\.appID) == ["a"])
        let second = arrivals.due(at: start + .seconds(2))
        #expect(second.map(\.appID) == ["b"])
        #expect(arrivals.nextDue == nil)
    }

    @Test("of one that goes before nobody is told, of one that goes after everybody")
    mutating func went() {
        arrivals.came(client("a", session: 1), at: start)
        let isTold = arrivals.went(client("a", session: 1))
        #expect(!isTold)
        let none = arrivals.due(at: start + .seconds(5))
        #expect(none.isEmpty)
        arrivals.came(client("a", session: 2), at: start + .seconds(5))
        _ = arrivals.due(at: start + .seconds(6))
        let isToldNow = arrivals.went(client("a", session: 2))
        #expect(isToldNow)
    }

    @Test("one that comes back as who it was is told of as the one that is there, a moment after it came")
    mutating func cameBack() {
        arrivals.came(client("a", session: 1), at: start)
        _ = arrivals.went(client("a", session: 1))
        arrivals.came(client("a", session: 2), at: start + .milliseconds(800))
        let early = arrivals.due(at: start + .seconds(1))
        #expect(early.isEmpty)
        let told = arrivals.due(at: start + .milliseconds(1800))
        #expect(told.map(\.sessionID) == [2])
    }

    @Test("that an earlier connection went, everybody is told, also while the next one waits")
    mutating func earlierWent() {
        arrivals.came(client("a", session: 2), at: start)
        let isTold = arrivals.went(client("a", session: 1))
        #expect(isTold)
        let told = arrivals.due(at: start + .seconds(1))
        #expect(told.map(\.sessionID) == [2])
    }

    @Test("it is told of under the name it has by then; a name that another has taken meanwhile is that one's")
    mutating func renamed() {
        arrivals.came(client("a", session: 1), at: start)
        arrivals.renamed(client("a", session: 1, name: "n"))
        _ = arrivals.went(client("a", session: 1, name: "n"))
        arrivals.came(client("b", session: 2), at: start)
        arrivals.renamed(client("b", session: 2, name: "n"))
        arrivals.renamed(client("c", session: 3, name: "m"))
        let told = arrivals.due(at: start + .seconds(1))
        #expect(told.map { [$0.appID, $0.clientName ?? ""] } == [["b", "n"]])
    }

    @Test("without a delay all are told of at once")
    func atOnce() {
        var arrivals = Arrivals(delay: .zero)
        arrivals.came(client("a", session: 1), at: start)
        let told = arrivals.due(at: start)
        #expect(told.map(\.appID) == ["a"])
    }
}
