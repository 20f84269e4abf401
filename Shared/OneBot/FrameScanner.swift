/// Finds the top-level members of a JSON text, and proves on the way that all of it is valid: the one parser of our own.
///
/// One pass over the bytes without recursion, so depth costs no stack, and without any allocation but the array of
/// children. The grammar is RFC 8259's, the text is UTF-8. Foundation's `JSONSerialization` and this scanner agree on
/// what is valid, also where RFC 8259 leaves a choice, and the tests hold them together: nesting ends at 512 levels, half
/// a surrogate pair (`"\ud800"`) is an error, and a leading byte order mark is skipped (by the callers). They differ in three places:
///
/// * A comma before a closing bracket (`[1,]`), which Foundation lets pass, is an error: our clients' parsers choke on it.
/// * A number of any size is valid (`1e400`): what it means is for its reader to say.
/// * Only UTF-8 is read: Foundation also guesses UTF-16 and UTF-32.
struct FrameScanner {
    /// A value of the outermost object or array, as offsets from the start of the text.
    struct Child {
        /// Between the quotes; empty in an array.
        var keyStart: UInt32 = 0
        var keyEnd: UInt32 = 0
        var valueStart: UInt32 = 0
        /// Behind the value's last byte.
        var valueEnd: UInt32 = 0
        var keyHasEscapes = false

        var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
        /// From the key's opening quote to the end of the value.
        var member: Range<Int> { Int(keyStart) - 1..<Int(valueEnd) }
    }

    /// The levels of nesting allowed; Foundation's parsers end there, too.
    static let depthLimit = 512

    let bytes: UnsafeRawBufferPointer
    var position = 0

    /// The members of the outermost object or the elements of the outermost array, in order. After an error: those that
    /// were read to their end before it.
    private(set) var children: [Child] = []
    /// Where the outermost value stands, without the white space around it; known after a scan without error.
    private(set) var value = 0..<0
    /// Whether the outermost value is, or began as, an object.
    private(set) var isObject = false

    private var depth = 0
    /// One bit for each open level: whether it is an object.
    private var levels = SIMD8<UInt64>()
    private var isInObject = false
    private var child = Child()

    /// The memory must outlive the scanner. A byte order mark is the caller's to skip.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads the whole text.
    mutating func scan() throws(JSONError) {
        skipWhiteSpace()
        let start = position
        isObject = position < bytes.count && bytes[position] == UInt8(ascii: "{")
        repeat { try scanUpToValueEnd() } while try isAnotherValueAhead()
        value = start..<position
        skipWhiteSpace()
        if position < bytes.count { throw invalid("something stands after the value") }
    }

    // MARK: Structure

    /// Reads a value that is no container, or steps into containers until there is one; an empty container is one.
    private mutating func scanUpToValueEnd() throws(JSONError) {
        while true {
            guard position < bytes.count else { throw invalid("a value is missing") }
            if depth == 1 { child.valueStart = UInt32(truncatingIfNeeded: position) }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                _ = try scanString()
                return
            case UInt8(ascii: "{"):
                try open(object: true)
                if closes(with: UInt8(ascii: "}")) { return }
                try scanKey()
            case UInt8(ascii: "["):
                try open(object: false)
                if closes(with: UInt8(ascii: "]")) { return }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                return try scanNumber()
            case UInt8(ascii: "t"):
                return try scanLiteral("true")
            case UInt8(ascii: "f"):
                return try scanLiteral("false")
            case UInt8(ascii: "n"):
                return try scanLiteral("null")
            default:
                throw invalid("a value is missing")
            }
        }
    }

    /// After a value: closes what ends here and steps over a comma, and over the key behind it. False at the end of the
    /// outermost value.
    private mutating func isAnotherValueAhead() throws(JSONError) -> Bool {
        while depth > 0 {
            let end = position
            skipWhiteSpace()
            guard position < bytes.count else { throw invalid("the text ends too early") }
            let byte = bytes[position]
            let closing = isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
            guard byte == UInt8(ascii: ",") || byte == closing else {
                throw invalid(isInObject ? "`,` or `}` is missing" : "`,` or `]` is missing")
            }
            if depth == 1 {
                child.valueEnd = UInt32(truncatingIfNeeded: end)
                children.append(child)
            }
            position += 1
            if byte == UInt8(ascii: ",") {
                skipWhiteSpace()
                if isInObject { try scanKey() }
                return true
            }
            close()
        }
        return false
    }

    private mutating func open(object: Bool) throws(JSONError) {
        guard depth < Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        let bit = UInt64(1) << UInt64(depth & 63)
        if object { levels[depth >> 6] |= bit } else { levels[depth >> 6] &= ~bit }
        depth += 1
        isInObject = object
        if depth == 1 { children.reserveCapacity(16) }
        position += 1
        skipWhiteSpace()
    }

    private mutating func close() {
        depth -= 1
        guard depth > 0 else { return }
        isInObject = levels[(depth - 1) >> 6] & (UInt64(1) << UInt64((depth - 1) & 63)) != 0
    }

    /// Whether the container that was just opened ends at once.
    private mutating func closes(with byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        close()
        return true
    }

    /// A key, its colon and the white space around that.
    private mutating func scanKey() throws(JSONError) {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw invalid("a key is missing") }
        let start = position + 1
        let hasEscapes = try scanString()
        if depth == 1 {
            child.keyStart = UInt32(truncatingIfNeeded: start)
            child.keyEnd = UInt32(truncatingIfNeeded: position - 1)
            child.keyHasEscapes = hasEscapes
        }
        skipWhiteSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw invalid("`:` is missing") }
        position += 1
        skipWhiteSpace()
    }

    // MARK: Small things

    @inline(__always)
    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func scanLiteral(_ literal: StaticString) throws(JSONError) {
        let length = literal.utf8CodeUnitCount
        guard position + length <= bytes.count else { throw invalid("a value is missing") }
        for index in 0..<length where bytes[position + index] != literal.utf8Start[index] {
            throw invalid("a value is missing")
        }
        position += length
    }

    func invalid(_ reason: String, at offset: Int? = nil) -> JSONError {
        .invalid(offset: offset ?? position, reason: reason)
    }
}
