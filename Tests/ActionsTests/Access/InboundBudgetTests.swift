import Testing

@testable import Actions

@Suite("InboundBudget")
struct InboundBudgetTests {
    private let budget = InboundBudget(limit: 1_000)

    @Test("clients have three quarters of it, bots all, and what is given back is there again")
    func shares() {
        #expect(budget.take(400, beside: 0, for: .clients))
        #expect(budget.take(350, beside: 0, for: .clients))
        #expect(!budget.take(1, beside: 350, for: .clients))
        #expect(budget.take(250, beside: 0, for: .bots))
        #expect(!budget.take(1, beside: 250, for: .bots))
        #expect(budget.bytes == 1_000)
        budget.give(400)
        #expect(budget.take(150, beside: 350, for: .clients))
    }

    @Test("one alone always has room, until there is another")
    func alone() {
        #expect(budget.take(5_000, beside: 0, for: .clients))
        #expect(budget.take(5_000, beside: 5_000, for: .clients))
        #expect(!budget.take(1, beside: 0, for: .bots))
        budget.give(10_000)
        #expect(budget.take(1, beside: 0, for: .clients))
        #expect(!budget.take(5_000, beside: 0, for: .clients))
        #expect(budget.bytes == 1)
    }

    @Test(
        "time grows with what has come",
        arguments: [(0, 30, false), (0, 31, true), (160 << 10, 40, false), (160 << 10, 41, true)])
    func pace(_ bytes: Int, _ seconds: Int, _ isTooSlow: Bool) {
        #expect(InboundBudget.isTooSlow(bytes, after: .seconds(seconds)) == isTooSlow)
    }
}
