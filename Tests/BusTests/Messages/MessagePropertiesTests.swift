import Bus
import Testing

@Suite("A message's properties and headers")
struct MessagePropertiesTests {
    @Test("a copy that is changed leaves the other as it was")
    func copies() {
        var first = MessageProperties()
        first.messageID = "1"
        first.headers = ["a": "b"]
        var second = first
        second.messageID = "2"
        second.headers["a"] = "c"
        #expect(first.messageID == "1")
        #expect(first.headers["a"] == "b")
        #expect(second.messageID == "2")
        #expect(second.headers["a"] == "c")
        #expect(first != second)
        second.messageID = "1"
        second.headers["a"] = "b"
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
    }

    @Test("headers are found, replaced, removed and joined by name, whatever their order")
    func headers() {
        var headers: MessageHeaders = ["a": "1", "b": "2"]
        #expect(headers == ["b": "2", "a": "1"])
        headers["a"] = "3"
        headers["c"] = "4"
        headers["b"] = nil
        headers["none"] = nil
        #expect(headers == ["a": "3", "c": "4"])
        headers.merge(["c": "5", "d": "6"])
        #expect(headers == ["a": "3", "c": "5", "d": "6"])
        #expect(headers["b"] == nil)
        #expect(!headers.isEmpty)
        let none: MessageHeaders = [:]
        #expect(none.isEmpty)
    }

    @Test("of headers of one name the last counts, be they few or many", arguments: [1, 20, 5000])
    func repeats(count: Int) {
        let headers = MessageHeaders((0..<count).flatMap { [("h\($0)", "old"), ("h\($0)", "new")] })
        #expect(headers.keys.count == count)
        #expect(headers.allSatisfy { $0.value == "new" })
    }
}
