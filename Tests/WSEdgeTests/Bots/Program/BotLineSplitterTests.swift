import NIOCore
import Testing

@testable import WSEdge

@Suite("LineSplitter")
struct LineSplitterTests {
    @Test("bytes become lines, however they are cut")
    func lines() {
        let output = "first\r\n\nsecond\nthird"
        for size in 1...output.utf8.count {
            var splitter = LineSplitter()
            var lines: [String] = []
            var rest = ByteBuffer(string: output)
            while rest.readableBytes > 0 {
                guard let piece = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
                lines += splitter.add(piece)
            }
            if let last = splitter.finish() { lines.append(last) }
            #expect(lines == ["first", "second", "third"])
        }
    }

    @Test("a line over the bound is cut")
    func longLine() {
        var splitter = LineSplitter(maxBytes: 4)
        #expect(splitter.add(ByteBuffer(string: "123456789\nab\n")) == ["1234", "5678", "9", "ab"])
        #expect(splitter.finish() == nil)
    }

    @Test("bytes that are no UTF-8 are shown, not lost")
    func notUTF8() {
        var splitter = LineSplitter()
        #expect(splitter.add(ByteBuffer(bytes: [0x61, 0xff, 0x0a])) == ["a\u{FFFD}"])
    }
}
