import NIOCore
import Testing

@testable import WSEdge

@Suite("What waits for a webhook")
struct WebhookQueueTests {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    func queue(bytes: Int = 1 << 20, budget: OutboundBudget = OutboundBudget(limit: 1 << 30)) -> WebhookQueue {
        WebhookQueue(maxBytes: bytes, budget: budget)
    }

    func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    /// The event that is to be posted now; `nil` where there is none.
    func posted(_ queue: inout WebhookQueue, at now: NIODeadline) -> (text: String, attempt: Int)? {
        guard case .post(let event) = queue.next(at: now) else { return nil }
        return (String(buffer: event.text), event.attempts)
    }

    @Test("one at a time, in order")
    func order() {
        var queue = queue()
        for name in ["a", "b", "c"] { #expect(queue.append(text(name), at: start) == 0) }
        var names: [String] = []
        while let next = posted(&queue, at: start) {
            names.append(next.text)
            #expect(posted(&queue, at: start) == nil, "while one is under way")
            #expect(queue.ended(.answered(status: names.count == 2 ? 204 : 200), at: start) == .delivered)
        }
        #expect(names == ["a", "b", "c"])
        #expect(queue.count == 0)
        #expect(queue.bytes == 0)
    }

    @Test(
        "an answer that forbids or redirects ends the event and nothing else",
        arguments: [301, 302, 400, 401, 404, 429])
    func refused(status: Int) {
        var queue = queue()
        _ = queue.append(text("a"), at: start)
        _ = queue.append(text("b"), at: start)
        #expect(posted(&queue, at: start)?.text == "a")
        #expect(queue.ended(.answered(status: status), at: start) == .dropped(.refused))
        #expect(!queue.isPausing)
        #expect(posted(&queue, at: start)?.text == "b")
    }

    @Test("a receiver that fails is asked three times, after one and after two seconds, then the next event goes")
    func serverErrors() {
        var queue = queue()
        _ = queue.append(text("a"), at: start)
        _ = queue.append(text("b"), at: start)
        var now = start
        for attempt in 1...2 {
            #expect(posted(&queue, at: now)?.attempt == attempt)
            #expect(queue.ended(.answered(status: 500), at: now) == .again(expired: 0))
            #expect(posted(&queue, at: now + .seconds(Int64(attempt)) - .nanoseconds(1)) == nil)
            now = now + .seconds(Int64(attempt))
        }
        #expect(posted(&queue, at: now)?.attempt == 3)
        #expect(queue.ended(.answered(status: 503), at: now) == .dropped(.failed))
        #expect(posted(&queue, at: now)?.text == "b")
    }

    @Test("a receiver that takes its time to fail is not asked again after five seconds")
    func slowServerErrors() {
        var queue = queue()
        _ = queue.append(text("a"), at: start)
        #expect(posted(&queue, at: start) != nil)
        #expect(queue.ended(.answered(status: 500), at: start) == .again(expired: 0))
        #expect(posted(&queue, at: start + .seconds(1)) != nil)
        #expect(queue.ended(.answered(status: 500), at: start + .seconds(4)) == .dropped(.failed))
    }

    @Test("without an answer it is posted again, first and before all others, until it has waited for 60 s")
    func unanswered() {
        var queue = queue()
        _ = queue.append(text("a"), at: start)
        _ = queue.append(text("b"), at: start + .seconds(59))
        var now = start
        var attempts = 0
        while now < start + .seconds(60) {
            guard let next = posted(&queue, at: now) else {
                guard case .pause(let until) = queue.next(at: now) else { break }
                #expect(until - now <= .seconds(5))
                now = until
                continue
            }
            attempts += 1
            #expect(next.text == "a")
            #expect(next.attempt == attempts)
            let verdict = queue.ended(.unanswered, at: now)
            if now < start + .seconds(60) { #expect(verdict == .again(expired: 0)) }
        }
        #expect(attempts > 11)
        #expect(posted(&queue, at: now)?.text == "a")
        #expect(queue.ended(.unanswered, at: now) == .again(expired: 1))
        #expect(posted(&queue, at: now + .seconds(5))?.text == "b")
        #expect(queue.ended(.answered(status: 200), at: now + .seconds(5)) == .delivered)
        #expect(queue.bytes == 0)
    }

    @Test("a slow receiver that takes every event loses none by age")
    func slow() {
        var queue = queue()
        for number in 0..<100 { _ = queue.append(text("\(number)"), at: start) }
        for number in 0..<100 {
            let now = start + .seconds(Int64(number) * 2)
            #expect(posted(&queue, at: now)?.text == "\(number)")
            #expect(queue.ended(.answered(status: 200), at: now) == .delivered)
        }
    }

    @Test("of more than 1 000 the oldest go, not the one under way")
    func tooMany() {
        var queue = queue()
        _ = queue.append(text("first"), at: start)
        #expect(posted(&queue, at: start)?.text == "first")
        for number in 0..<WebhookQueue.maxEvents { #expect(queue.append(text("\(number)"), at: start) == 0) }
        #expect(queue.append(text("one more"), at: start) == 1)
        #expect(queue.ended(.answered(status: 200), at: start) == .delivered)
        #expect(posted(&queue, at: start)?.text == "1")
        #expect(queue.count == WebhookQueue.maxEvents)
    }

    @Test("bytes are bounded, for the webhook and for all clients together; one larger event always fits")
    func tooLarge() {
        let budget = OutboundBudget(limit: 1_000)
        var queue = queue(bytes: 10, budget: budget)
        #expect(queue.append(text(String(repeating: "x", count: 500)), at: start) == 0)
        #expect(queue.append(text("12345"), at: start) == 1)
        #expect(queue.append(text("12345"), at: start) == 0)
        #expect(queue.append(text("1"), at: start) == 1)
        #expect(queue.bytes == 6)
        #expect(budget.bytes == 6)
        budget.change(by: 2_000)
        #expect(queue.append(text("2"), at: start) == 2, "what others hold counts too")
        #expect(queue.clear() == 1)
        #expect(budget.bytes == 2_000)
    }
}
