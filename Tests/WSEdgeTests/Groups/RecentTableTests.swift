import Testing

@testable import WSEdge

@Suite("A table that forgets what is not used")
struct RecentTableTests {
    @Test("what is used stays, however much comes")
    func used() {
        var table = RecentTable<Int, String>(limit: 5)
        table.set("kept", for: 0)
        for key in 1...1_000 {
            table.set("x", for: key)
            #expect(table.use(0) == "kept")
            #expect(table.count <= 10)
        }
        #expect(table.use(1) == nil)
        #expect(table.use(1_000) == "x")
    }

    @Test("as many as it says are remembered, whichever order they are used in")
    func guaranteed() {
        var table = RecentTable<Int, Int>(limit: 100)
        for key in 0..<100 { table.set(key, for: key) }
        for _ in 0..<3 {
            for key in 0..<100 { #expect(table.use(key) == key) }
        }
        // 40 new keys leave the 60 that were used last before them.
        for key in 1_000..<1_040 { table.set(key, for: key) }
        for key in 40..<100 { #expect(table.use(key) == key) }
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
