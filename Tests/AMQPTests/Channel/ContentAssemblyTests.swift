import Bus
import NIOCore
import Testing

@testable import AMQP

@Suite("ContentAssembly")
struct ContentAssemblyTests {
    private let start = ContentAssembly.Start.delivery(tag: 1, redelivered: false, exchange: "e", key: "k")

    @Test("a body in pieces is one message, one without a body is whole at once")
    func pieces() throws {
        var assembly = ContentAssembly()
        try assembly.begin(start)
        let (none, nothing) = (
            try assembly.header(MessageProperties(), bodyBytes: 5, publishTag: nil),
            try assembly.body(ByteBuffer(string: "ab"))
        )
        #expect(none == nil && nothing == nil)
        let whole = try assembly.body(ByteBuffer(string: "cde"))
        #expect(whole.map { String(buffer: $0.message.body) } == "abcde")
        try assembly.begin(.returned)
        let empty = try assembly.header(MessageProperties(), bodyBytes: 0, publishTag: 7)
        #expect(empty?.publishTag == 7)
        try assembly.begin(start)
    }

    @Test("frames in an order that cannot be are violations")
    func disorder() throws {
        var assembly = ContentAssembly()
        #expect(throws: AMQPError.self) { try assembly.header(MessageProperties(), bodyBytes: 1, publishTag: nil) }
        #expect(throws: AMQPError.self) { try assembly.body(ByteBuffer(string: "a")) }
        try assembly.begin(start)
        #expect(throws: AMQPError.self) { try assembly.begin(start) }
        #expect(throws: AMQPError.self) { try assembly.header(MessageProperties(), bodyBytes: .max, publishTag: nil) }
        _ = try assembly.header(MessageProperties(), bodyBytes: 1, publishTag: nil)
        #expect(throws: AMQPError.self) { try assembly.body(ByteBuffer(string: "ab")) }
    }
}

extension ContentAssembly.Content: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        left.start == right.start && left.message.body == right.message.body && left.publishTag == right.publishTag
    }
}
