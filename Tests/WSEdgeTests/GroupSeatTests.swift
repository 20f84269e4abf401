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
        #expect(seat.granted(grant, at: start) == true)
        #expect(seat.overdue(at: start + .seconds(1)) == nil)
        #expect(seat.listed() == grant)
        #expect(seat.listed() == nil)
        #expect(seat.granted(grant, at: start) == false)
    }

    @Test("who was told of before the answer came does not wait")
    func toldBefore() {
        var seat = GroupSeat(group: "g")
        #expect(seat.listed() == nil)
        #expect(seat.granted(grant, at: start) == false)
    }

    @Test("nobody waits for ever")
    func overdue() {
        var seat = GroupSeat(group: "g")
        #expect(seat.granted(grant, at: start) == true)
        #expect(seat.overdue(at: start + GroupSeat.patience) == grant)
        #expect(seat.overdue(at: start + GroupSeat.patience) == nil)
        #expect(seat.granted(grant, at: start) == false)
    }

    @Test("it is left once")
    func left() {
        var seat = GroupSeat(group: "g")
        #expect(!seat.hasLeft)
        #expect(seat.leave())
        #expect(seat.hasLeft)
        #expect(!seat.leave())
    }
}
