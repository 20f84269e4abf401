import NIOCore
import Testing

@testable import WSEdge

@Suite("Answers that go out one by one")
struct AnswersApartTests {
    private var apart = AnswersApart()

    @Test("after an answer nothing is written until its pong, and a moment more")
    mutating func pong() throws {
        #expect(!apart.isPausing)
        let answer = apart.wroteAnswer()
        let ping = try #require(answer.ping)
        #expect(apart.isPausing)
        let other = apart.ponged(ByteBuffer(string: "another"))
        #expect(other == nil)
        let step = apart.ponged(ping)
        let ponged = try #require(step)
        #expect(ponged.ping == nil)
        #expect(ponged.pause == AnswersApart.afterPong)
        let late = apart.timeIsUp(answer)
        #expect(!late, "the pong came in time")
        #expect(apart.isPausing)
        let isOver = apart.timeIsUp(ponged)
        #expect(isOver)
        #expect(!apart.isPausing)
    }

    @Test("one that answers no pings is waited for a fixed time; until it answers after all")
    mutating func deaf() throws {
        let first = apart.wroteAnswer()
        let isOver = apart.timeIsUp(first)
        #expect(isOver)
        let second = apart.wroteAnswer()
        #expect(second.ping != nil)
        #expect(second.pause == AnswersApart.withoutPong)
        let isOverAgain = apart.timeIsUp(second)
        #expect(isOverAgain)
        apart = AnswersApart()
        let slow = apart.wroteAnswer()
        _ = apart.timeIsUp(slow)
        let ping = try #require(slow.ping)
        let late = apart.ponged(ping)
        #expect(late == nil)
        let third = apart.wroteAnswer()
        #expect(third.pause == AnswersApart.longestPong)
    }

    @Test("what was scheduled for an earlier answer does not end the pause of a later one")
    mutating func stale() throws {
        let first = apart.wroteAnswer()
        apart.endPause()
        let second = apart.wroteAnswer()
        let isOver = apart.timeIsUp(first)
        #expect(!isOver)
        let (firstPing, secondPing) = (try #require(first.ping), try #require(second.ping))
        let stale = apart.ponged(firstPing)
        #expect(stale == nil)
        let ponged = apart.ponged(secondPing)
        #expect(ponged != nil)
    }
}
