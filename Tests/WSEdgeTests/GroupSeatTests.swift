import Contracts
import NIOCore
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
