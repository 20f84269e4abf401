import NIOCore
import Testing

@testable import Bus

@Suite("AnswerParts", .timeLimit(.minutes(1)))
struct AnswerPartsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let parts = AnswerParts(maxBytes: 10, maxAge: .seconds(30))

    /// What comes next, in a word.
    private func next(_ parts: AnswerParts) async -> String {
        switch await parts.next() {
        case .part(let message): String(buffer: message.body)
        case .last(let message): "last \(String(buffer: message.body))"
        case .failed(let error): "\(error)"
        case .fellBehind: "fell behind"
        }
    }

    @Test("they come in order, the last one last, whether the reader waits or they do")
    func order() async {
        for text in ["1", "2"] { #expect(parts.add(.text(text), at: start)) }
        #expect(await next(parts) == "1")
        #expect(await next(parts) == "2")
        async let third = next(parts)
        parts.end(with: .last(.text("3")))
        #expect(await third == "last 3")
        #expect(!parts.add(.text("4"), at: start))
    }

    @Test("what waits comes before a failure")
    func failure() async {
        #expect(parts.add(.text("1"), at: start))
        parts.end(with: .failed(.disconnected))
        #expect(await next(parts) == "1")
        #expect(await next(parts) == "\(MessageBusError.disconnected)")
    }

    @Test("a reader too many bytes behind loses all that waits, and the rest")
    func tooManyBytes() async {
        #expect(parts.add(.text("0123456789abcdef"), at: start), "one larger part fits")
        #expect(!parts.add(.text("1"), at: start))
        #expect(!parts.add(.text("2"), at: start))
        parts.end(with: .last(.text("3")))
        #expect(await next(parts) == "fell behind")
    }

    @Test("so does one that is too long behind")
    func tooOld() async {
        #expect(parts.add(.text("1"), at: start))
        #expect(parts.add(.text("2"), at: start + .seconds(30)))
        #expect(!parts.add(.text("3"), at: start + .seconds(31)))
        #expect(await next(parts) == "fell behind")
    }

    @Test("a reader that keeps up loses nothing, however much comes")
    func keepsUp() async {
        for number in 0..<1000 {
            #expect(parts.add(.text("\(number)"), at: start + .seconds(Int64(number))))
            #expect(await next(parts) == "\(number)")
        }
    }

    @Test("a reader whose task is cancelled waits no more, and nothing more is wanted")
    func cancelled() async {
        let parts = parts
        let reading = Task { await next(parts) }
        reading.cancel()
        #expect(await reading.value == "\(MessageBusError.closed)")
        #expect(!parts.add(.text("1"), at: start))
    }
}
