import Testing

@testable import WSEdge

@Suite("Outbox: what a link has for the bus")
struct BotOutboxTests {
    private var outbox = Outbox<Int>(.init(window: 4, held: 8, bytes: 100))

    /// Takes everything that may be published now.
    private mutating func takeAll() -> [(parcel: Int, ticket: Outbox<Int>.Ticket)] {
        var taken: [(Int, Outbox<Int>.Ticket)] = []
        while let next = outbox.take() { taken.append(next) }
        return taken
    }

    @Test("closed it keeps, opened it gives out in order, a window at a time")
    mutating func window() {
        for number in 1...6 { _ = outbox.add(number, bytes: 1) }
        #expect(outbox.take() == nil)
        #expect(outbox.open() == .pause)
        let first = takeAll()
        #expect(first.map(\.parcel) == [1, 2, 3, 4])
        #expect(outbox.settle(first[1].ticket) == .asBefore)
        #expect(takeAll().map(\.parcel) == [5])
    }

    @Test("a parcel is there by its ticket until it is settled, also behind one that is not")
    mutating func byTicket() {
        _ = outbox.open()
        for number in 1...3 { _ = outbox.add(number, bytes: 1) }
        let tickets = takeAll().map(\.ticket)
        _ = outbox.settle(tickets[1])
        #expect(tickets.map { outbox[$0] } == [1, nil, 3])
        _ = outbox.settle(tickets[0])
        #expect(tickets.map { outbox[$0] } == [nil, nil, 3])
    }

    @Test("what takes a parcel's place is there by the same ticket, weighs what it weighs, and is given out again")
    mutating func replaced() {
        _ = outbox.open()
        for number in 1...3 { _ = outbox.add(number, bytes: 30) }
        let tickets = takeAll().map(\.ticket)
        #expect(outbox.replace(tickets[1], by: 20, bytes: 1) == .asBefore)
        #expect(outbox[tickets[1]] == 20)
        #expect(outbox.bytes == 61)
        _ = outbox.close()
        _ = outbox.open()
        #expect(takeAll().map(\.parcel) == [1, 20, 3])
        _ = outbox.settle(tickets[1])
        #expect(outbox.replace(tickets[1], by: 21, bytes: 1) == .asBefore)
        #expect(outbox[tickets[1]] == nil)
        #expect(outbox.bytes == 60)
    }

    @Test("what was published and not settled is given out again first, then what came meanwhile")
    mutating func again() {
        _ = outbox.open()
        for number in 1...3 { _ = outbox.add(number, bytes: 1) }
        let before = takeAll()
        _ = outbox.settle(before[1].ticket)
        #expect(outbox.isOfThisRound(before[0].ticket))
        _ = outbox.close()
        _ = outbox.add(4, bytes: 1)
        #expect(outbox.take() == nil)
        _ = outbox.open()
        #expect(!outbox.isOfThisRound(before[0].ticket))
        let after = takeAll()
        #expect(after.map(\.parcel) == [1, 3, 4])
        // The confirm of the first publish comes late, and then that of the second: a parcel is settled once only.
        _ = outbox.settle(before[0].ticket)
        _ = outbox.settle(after[0].ticket)
        #expect(outbox.count == 2)
        for sent in after.dropFirst() { _ = outbox.settle(sent.ticket) }
        #expect(outbox.isEmpty)
        #expect(outbox.bytes == 0)
    }

    @Test("opened while a window's worth waits, the bot is read on below half of it")
    mutating func reading() {
        _ = outbox.open()
        for number in 1...3 { #expect(outbox.add(number, bytes: 1) == .asBefore) }
        #expect(outbox.add(4, bytes: 1) == .pause)
        #expect(outbox.add(5, bytes: 1) == .asBefore)
        let sent = takeAll()
        #expect(outbox.settle(sent[0].ticket) == .asBefore)
        #expect(outbox.settle(sent[1].ticket) == .asBefore)
        #expect(outbox.settle(sent[2].ticket) == .asBefore)
        #expect(outbox.settle(sent[3].ticket) == .resume)
        #expect(!outbox.isFull)
    }

    @Test("closed, the bot is read until the larger bound")
    mutating func readingWhileClosed() {
        _ = outbox.open()
        for number in 1...4 { _ = outbox.add(number, bytes: 1) }
        #expect(outbox.isFull)
        #expect(outbox.close() == .asBefore, "4 are half of what may be held")
        var roomy = Outbox<Int>(.init(window: 2, held: 8, bytes: 100))
        _ = roomy.open()
        for number in 1...2 { _ = roomy.add(number, bytes: 1) }
        #expect(roomy.close() == .resume)
        for number in 3...7 { #expect(roomy.add(number, bytes: 1) == .asBefore) }
        #expect(roomy.add(8, bytes: 1) == .pause)
    }

    @Test("one parcel over the bytes fills it alone, and empties it")
    mutating func large() {
        _ = outbox.open()
        #expect(outbox.add(1, bytes: 500) == .pause)
        let sent = takeAll()
        #expect(outbox.settle(sent[0].ticket) == .resume)
    }

    @Test("what is dropped is given out no more; what is on its way settles as if nothing had been")
    mutating func drop() {
        _ = outbox.open()
        for number in 1...4 { _ = outbox.add(number, bytes: 1) }
        let sent = takeAll()
        _ = outbox.close()
        for number in 5...6 { _ = outbox.add(number, bytes: 1) }
        #expect(outbox.drop { $0 % 2 == 1 } == 3)
        _ = outbox.open()
        #expect(takeAll().map(\.parcel) == [2, 4, 6])
        _ = outbox.settle(sent[0].ticket)
        #expect(outbox.count == 3)
    }

    @Test("a parcel is finished when it is published first, and published again as it was then")
    mutating func finishing() {
        _ = outbox.open()
        _ = outbox.add(1, bytes: 1)
        let first = outbox.take { $0 += 10 }
        #expect(first?.parcel == 11)
        _ = outbox.close()
        _ = outbox.open()
        let again = outbox.take { $0 += 100 }
        #expect(again?.parcel == 11)
    }
}
