import Testing

@testable import Bus

@Suite("ShortList")
struct ShortListTests {
    @Test("elements come out in the order they were appended", arguments: 0...4)
    func order(count: Int) {
        var list = ShortList<Int>()
        for number in 0..<count { list.append(number) }
        #expect(Array(list) == Array(0..<count))
        #expect(list.count == count)
        #expect(list.isEmpty == (count == 0))
    }

    @Test("it can begin with an element or without one", arguments: [nil, 7])
    func beginning(with only: Int?) {
        var list = ShortList(only)
        list.append(8)
        #expect(Array(list) == (only.map { [$0] } ?? []) + [8])
    }
}
