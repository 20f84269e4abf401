import NIOCore
import OneBot
import Testing
import WebSocketTransport

@testable import WSEdge

@Suite("Events for a client that takes them up to a size")
struct FittingFramesTests {
    private func joined(_ sizes: [Int], maxEventBytes: Int?) -> (texts: [String], leftOut: Int) {
        var frames = FittingFrames(SelfID(1), maxEventBytes: maxEventBytes)
        for size in sizes { frames.append(HubFrame.encode(ByteBuffer(repeating: UInt8(ascii: "x"), count: size))) }
        let texts = WebSocketConnection.texts(inEncoded: frames.finish()).map { String(buffer: $0) }
        return (texts, frames.leftOut)
    }

    @Test("each size around each length of header is told apart to the byte", arguments: [125, 126, 65_535, 65_536])
    func bounds(size: Int) {
        for size in size - 1...size + 1 {
            #expect(joined([size], maxEventBytes: size).leftOut == 0)
            #expect(joined([size], maxEventBytes: size - 1).leftOut == 1)
        }
    }

    @Test("in the place of those that follow each other and are too large stands one gap, which counts them")
    func gaps() {
        let (texts, leftOut) = joined([1, 5_000, 5_000, 2, 5_000], maxEventBytes: 1024)
        #expect(leftOut == 3)
        #expect(texts.count == 4)
        #expect([texts[0], texts[2]] == ["x", "xx"])
        #expect(texts[1].hasSuffix(#""self_id":1,"post_type":"notice","notice_type":"event_gap","missed":2}"#))
        #expect(texts[3].hasSuffix(#""missed":1}"#))
    }

    @Test("without a size all fit")
    func all() { #expect(joined([1, 1 << 20], maxEventBytes: nil).texts.map(\.count) == [1, 1 << 20]) }
}

@Suite("The largest message a client was sent")
struct LargestSentTests {
    private func advice(_ sizes: [(Int, OutgoingKind)]) -> String {
        var largest = LargestSent()
        for (size, kind) in sizes {
            largest.sent(HubFrame.encode(ByteBuffer(repeating: UInt8(ascii: "x"), count: size)), as: kind)
        }
        return largest.advice
    }

    @Test("an event is told with its size, and what to set is what such clients take")
    func event() {
        let advice = advice([(10, .event), (3 << 20, .event), (2 << 20, .answer)])
        #expect(advice.contains("an event of \(3 << 20) bytes"))
        #expect(advice.contains("max_event_size") && advice.contains("1MiB, which is 1048576 bytes"))
    }

    @Test("an answer cannot be left out: the client's own limit is to be raised")
    func answer() {
        let advice = advice([(3 << 20, .event), (5 << 20, .answer)])
        #expect(advice.contains("an answer of \(5 << 20) bytes"))
        #expect(!advice.contains("max_event_size"))
    }

    @Test("small ones that went out together are not taken for a large one")
    func joined() {
        var largest = LargestSent()
        var frames = HubFrame.encode(ByteBuffer(repeating: UInt8(ascii: "x"), count: 40_000))
        frames.writeImmutableBuffer(frames)
        largest.sent(frames, as: .event)
        #expect(largest.advice.contains("an event of 40000 bytes"))
    }
}
