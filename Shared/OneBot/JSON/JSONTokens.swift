/// The tokens of JSON (RFC 8259) in a text: each function gets the place where one begins, and returns where it ends,
/// or throws why it is not valid. Two registers wide, without state: ``FrameScanner`` keeps the state.
struct JSONTokens {
    let bytes: UnsafeRawBufferPointer
    let count: Int

    /// The memory must outlive this value.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        count = bytes.count
    }

    /// The byte that stands there; `nil` at the end of the text.
    @inline(__always)
    func byte(at place: Int) -> UInt8? {
        place < count ? bytes[place] : nil
    }

    @inline(__always)
    func endOfWhiteSpace(from start: Int) -> Int {
        // Most senders write no white space.
        guard start < count, bytes[start] <= 0x20 else { return start }
        return endOfSomeWhiteSpace(from: start)
    }

    private func endOfSomeWhiteSpace(from start: Int) -> Int {
        var place = start
        while let byte = byte(at: place), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
        return place
    }

    /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?` (RFC 8259 §6).
    func endOfNumber(from start: Int) throws(JSONError) -> Int {
        let first = bytes[start] == UInt8(ascii: "-") ? start + 1 : start
        var place = try endOfDigits(from: first)
        if bytes[first] == UInt8(ascii: "0"), place > first + 1 { throw invalid("a number begins with 0", at: first) }
        if byte(at: place) == UInt8(ascii: ".") { place = try endOfDigits(from: place + 1) }
        if let byte = byte(at: place), byte | 0x20 == UInt8(ascii: "e") {
            let sign = self.byte(at: place + 1)
            let isSigned = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
            place = try endOfDigits(from: place + (isSigned ? 2 : 1))
        }
        return place
    }

    /// One digit or more.
    @inline(__always)
    private func endOfDigits(from start: Int) throws(JSONError) -> Int {
        var place = start
        while place < count, bytes[place] &- UInt8(ascii: "0") < 10 { place += 1 }
        if place == start { throw invalid("a digit is missing", at: place) }
        return place
    }

    /// `true`, `false` or `null`.
    func endOfLiteral(_ literal: StaticString, from start: Int) throws(JSONError) -> Int {
        for index in 0..<literal.utf8CodeUnitCount where byte(at: start + index) != literal.utf8Start[index] {
            throw invalid("a value is missing", at: start)
        }
        return start + literal.utf8CodeUnitCount
    }

    func invalid(_ reason: String, at offset: Int) -> JSONError {
        .invalid(offset: offset, reason: reason)
    }
}
