import NIOCore

/// Cuts a program's output into lines; a line longer than the bound is cut into pieces.
struct LineSplitter {
    let maxBytes: Int
    private var partial = ByteBuffer()

    init(maxBytes: Int = 8 << 10) {
        self.maxBytes = maxBytes
    }

    /// The lines that are complete now, without their ends (`\n`, `\r\n`); empty ones left out.
    mutating func add(_ bytes: ByteBuffer) -> [String] {
        partial.writeImmutableBuffer(bytes)
        var lines: [String] = []
        while true {
            let view = partial.readableBytesView
            if let end = view.firstIndex(of: UInt8(ascii: "\n")), end - view.startIndex <= maxBytes {
                append(end - view.startIndex, to: &lines)
                partial.moveReaderIndex(forwardBy: 1)
            } else if partial.readableBytes >= maxBytes {
                append(maxBytes, to: &lines)
            } else {
                break
            }
        }
        partial.discardReadBytes()
        return lines
    }

    /// What is left when the output ends.
    mutating func finish() -> String? {
        var lines: [String] = []
        append(partial.readableBytes, to: &lines)
        return lines.first
    }

    private mutating func append(_ length: Int, to lines: inout [String]) {
        guard var line = partial.readSlice(length: length) else { return }
        if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
        if line.readableBytes > 0 { lines.append(String(buffer: line)) }
    }
}
