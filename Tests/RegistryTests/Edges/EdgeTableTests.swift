import Contracts
import Testing

@testable import Registry

@Suite struct EdgeTableTests {
    let first = EdgeAddress(edgeID: "e1", instance: "a")
    let second = EdgeAddress(edgeID: "e1", instance: "b")

    @Test("a later run of an edge replaces the earlier one")
    func replaces() {
        var table = EdgeTable()
        #expect(table.sighting(of: first) == .new(replacing: nil))
        table.enter(first, isSilent: false)
        #expect(table.sighting(of: first) == .known)
        #expect(table.sighting(of: second) == .new(replacing: first))
        table.end(first)
        table.enter(second, isSilent: false)
        #expect(table.sighting(of: first) == .ended)
        #expect(table[first] == nil)
        #expect(table[second]?.address == second)
    }

    @Test("a run that fell silent may come back")
    func comesBack() {
        var table = EdgeTable()
        table.enter(first, isSilent: false)
        table.lapse(first)
        #expect(table.sighting(of: first) == .new(replacing: nil))
        table.enter(first, isSilent: false)
        #expect(table.sighting(of: first) == .known)
    }

    @Test("a run that fell silent may not come back once another took its place")
    func doesNotComeBack() {
        var table = EdgeTable()
        table.enter(first, isSilent: false)
        table.lapse(first)
        table.enter(second, isSilent: false)
        #expect(table.sighting(of: first) == .ended)
        table.lapse(second)
        #expect(table.sighting(of: first) == .ended)
    }

    @Test("reports are next, repeated, or jump")
    func sequence() {
        var edge = KnownEdge(first, isSilent: false)
        #expect(edge.take(sequence: 1, isFull: true) == .next)
        #expect(edge.take(sequence: 2, isFull: false) == .next)
        #expect(edge.take(sequence: 2, isFull: false) == .repeated)
        #expect(edge.take(sequence: 4, isFull: false) == .jump)
        #expect(edge.take(sequence: 5, isFull: false) == .next)
        #expect(edge.take(sequence: 9, isFull: true) == .next)
        #expect(edge.take(sequence: .max, isFull: false) == .jump)
        #expect(edge.take(sequence: 0, isFull: true) == .repeated)
    }

    @Test("an edge that is first heard in the middle has missed something")
    func firstHeardInTheMiddle() {
        var edge = KnownEdge(first, isSilent: false)
        #expect(edge.take(sequence: 57, isFull: false) == .jump)
    }

    @Test("the sessions that left are remembered, the latest few thousand")
    func departed() {
        var edge = KnownEdge(first, isSilent: false)
        for session in 0..<UInt64(50_000) { edge.depart(session) }
        #expect(edge.hasDeparted(49_999))
        #expect(edge.hasDeparted(46_000))
        #expect(!edge.hasDeparted(0))
        #expect(!edge.hasDeparted(50_000))
    }
}
