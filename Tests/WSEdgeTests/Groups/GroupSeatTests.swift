import Contracts
import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("A session's place in a group")
struct GroupSeatTests {
    private let grant = SessionGrant(appID: "x", clientToken: "t")
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("what the registry granted waits until everybody was told")
    func waits() {
        var seat = GroupSeat(group: "g")
        let mustWait = seat.granted(grant, at: start)
        let early = seat.overdue(at: start + .seconds(1))
        let told = [seat.listed(), seat.listed()]
        let mustWaitAgain = seat.granted(grant, at: start)
        #expect(mustWait)
        #expect(early == nil)
        #expect(told == [grant, nil])
        #expect(!mustWaitAgain)
    }

    @Test("who was told of before the answer came does not wait")
    func toldBefore() {
        var seat = GroupSeat(group: "g")
        let told = seat.listed()
        let mustWait = seat.granted(grant, at: start)
        #expect(told == nil)
        #expect(!mustWait)
    }

    @Test("nobody waits for ever")
    func overdue() {
        var seat = GroupSeat(group: "g")
        let mustWait = seat.granted(grant, at: start)
        let late = [1, 2].map { _ in seat.overdue(at: start + GroupSeat.patience) }
        let mustWaitAgain = seat.granted(grant, at: start)
        #expect(mustWait)
        #expect(late == [grant, nil])
        #expect(!mustWaitAgain)
    }

    @Test("what is said of a session of another edge is not said to the one of the same number here")
    func sameNumberElsewhere() {
        let (here, there) = (EdgeAddress(edgeID: "e1", instance: "a"), EdgeAddress(edgeID: "e2", instance: "a"))
        func client(_ appID: String, at edge: EdgeAddress?) -> OnlineClient {
            OnlineClient(
                appID: appID, clientName: nil, role: .universal, transport: .websocket, edge: edge, sessionID: 7,
                selfID: nil, connectedAt: 0, remoteAddress: "")
        }
        var effect = PresenceReplica.Effect()
        effect.renamed = [client("a", at: here), client("b", at: there), client("c", at: nil)]
        effect.cameOnline = [client("d", at: there), client("e", at: here)]
        #expect(ClientStatusAnnouncer.spokenOf(in: effect, at: here).map(\.appID) == ["a", "e"])
    }

    @Test("it is left once")
    func left() {
        var seat = GroupSeat(group: "g")
        #expect(!seat.hasLeft)
        let first = seat.leave()
        #expect(first)
        #expect(seat.hasLeft)
        let second = seat.leave()
        #expect(!second)
    }
}
