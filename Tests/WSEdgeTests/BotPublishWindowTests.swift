import Testing

@testable import WSEdge

@Suite("PublishWindow")
struct PublishWindowTests {
    @Test("it fills at the count and drains below half")
    func count() {
        var window = PublishWindow(maxCount: 4, maxBytes: 1000)
        for _ in 1...3 { #expect(window.published(bytes: 1) == .none) }
        #expect(window.published(bytes: 1) == .filled)
        #expect(window.published(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .none)
        #expect(window.settled(bytes: 1) == .drained)
        #expect(!window.isFull)
    }

    @Test("it fills at the bytes; one large message drains it when it is confirmed")
    func bytes() {
        var window = PublishWindow(maxCount: 4, maxBytes: 10)
        #expect(window.published(bytes: 50) == .filled)
        #expect(window.settled(bytes: 50) == .drained)
    }

    @Test("a window of one message works")
    func single() {
        var window = PublishWindow(maxCount: 1, maxBytes: 10)
        #expect(window.published(bytes: 1) == .filled)
        #expect(window.settled(bytes: 1) == .drained)
    }
}
