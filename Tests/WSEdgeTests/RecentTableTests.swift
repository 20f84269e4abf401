import Testing

@testable import WSEdge

@Suite("A table that forgets what is not used")
struct RecentTableTests {
    @Test("what is used stays, however much comes")
    func used() {
        var table = RecentTable<Int, String>(limit: 10)
        table.set("kept", for: 0)
        for key in 1...1_000 {
            table.set("x", for: key)
            #expect(table.use(0) == "kept")
            #expect(table.count <= 10)
        }
        #expect(table.use(1) == nil)
        #expect(table.use(1_000) == "x")
    }

    @Test("a new value takes the place of the old one")
    func replaced() {
        var table = RecentTable<Int, String>(limit: 4)
        table.set("a", for: 1)
        table.set("b", for: 2)
        table.set("c", for: 1)
        #expect(table.use(1) == "c")
        #expect(table.count == 2)
    }
}
