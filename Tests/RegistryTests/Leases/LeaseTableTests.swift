import Contracts
import Testing

@testable import Registry

@Suite struct LeaseTableTests {
    let edge = LeaseHolder.edge(EdgeAddress(edgeID: "e1", instance: "a"))
    let other = LeaseHolder.client("app-2")

    /// Looks for lapsed leases every second, as the table's owner does.
    private func lapsed(_ table: inout LeaseTable, from start: Int, to end: Int) -> [Int: [LeaseHolder]] {
        var found: [Int: [LeaseHolder]] = [:]
        for second in start...end {
            let holders = table.expire(at: .seconds(second))
            if !holders.isEmpty { found[second] = holders }
        }
        return found
    }

    @Test("a lease that is not renewed lapses once, after its time")
    func lapses() {
        var table = LeaseTable(duration: .seconds(15))
        table.grant(edge, at: .seconds(0))
        #expect(lapsed(&table, from: 0, to: 40) == [15: [edge]])
        #expect(table.renew(edge, at: .seconds(41)) == false)
    }

    @Test("a renewed lease lives on from there")
    func renews() {
        var table = LeaseTable(duration: .seconds(15))
        table.grant(edge, at: .seconds(0))
        table.grant(other, at: .seconds(0))
        #expect(lapsed(&table, from: 0, to: 10).isEmpty)
        #expect(table.renew(edge, at: .seconds(10)) == true)
        #expect(lapsed(&table, from: 11, to: 40) == [15: [other], 25: [edge]])
    }

    @Test("an ended lease does not lapse, and cannot be renewed")
    func ends() {
        var table = LeaseTable(duration: .seconds(15))
        table.grant(edge, at: .seconds(0))
        table.end(edge)
        #expect(lapsed(&table, from: 0, to: 40).isEmpty)
        #expect(table.renew(edge, at: .seconds(1)) == false)
    }

    @Test("after the process stood still nothing lapses for one lease: renewals may wait unread")
    func standsStill() {
        var table = LeaseTable(duration: .seconds(15))
        table.grant(edge, at: .seconds(0))
        table.grant(other, at: .seconds(0))
        #expect(lapsed(&table, from: 0, to: 5).isEmpty)
        #expect(table.expire(at: .seconds(300)).isEmpty)
        #expect(table.renew(edge, at: .seconds(300)) == true)
        #expect(lapsed(&table, from: 301, to: 340) == [315: [edge, other].sorted { $0.description < $1.description }])
    }
}
