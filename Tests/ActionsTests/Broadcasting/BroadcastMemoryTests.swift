import Testing

@testable import Actions

@Suite struct BroadcastMemoryTests {
    @Test("the most recent broadcast of a sender is remembered")
    func latest() {
        var memory = BroadcastMemory()
        memory.record("u1", from: "a")
        memory.record("u2", from: "b")
        memory.record("u3", from: "a")
        #expect(memory.latest(from: "a") == "u3")
        #expect(memory.latest(from: "b") == "u2")
        #expect(memory.latest(from: "c") == nil)
    }

    @Test("the sender that was silent longest is forgotten first")
    func bound() {
        var memory = BroadcastMemory(limit: 2)
        memory.record("u1", from: "a")
        memory.record("u2", from: "b")
        memory.record("u3", from: "a")
        memory.record("u4", from: "c")
        #expect(memory.latest(from: "b") == nil)
        #expect(memory.latest(from: "a") == "u3")
        #expect(memory.latest(from: "c") == "u4")
    }

    @Test("app_ids are compared byte for byte")
    func bytes() {
        var memory = BroadcastMemory()
        memory.record("u1", from: "K")
        #expect(memory.latest(from: "\u{212A}") == nil)
    }
}
