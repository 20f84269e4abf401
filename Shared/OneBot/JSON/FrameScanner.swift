/// Finds the top-level members of a JSON text, and proves on the way that all of it is valid: the one parser of our
/// own.
///
/// One pass over the bytes without recursion, so depth costs no stack, and without any allocation but the array of
/// children. The grammar is RFC 8259's, the text is UTF-8, a leading byte order mark is skipped (by the callers). What
/// that grammar allows is valid, however odd: most of what is read here only passes through. Foundation's
/// `JSONSerialization` and this scanner agree on what is valid, which the tests check, except here:
///
/// * A comma before a closing bracket (`[1,]`), which Foundation lets pass, is an error: our clients' parsers choke on
///   it.
/// * A number of any size is valid (`1e400`), so is half of a surrogate pair (`"\ud83d"`, which JavaScript and Python
///   write), and so is nesting of any depth: their reader decides what they mean.
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

    /// The levels of nesting that need no memory of their own.
    private static let flatLevels = 512

    private let tokens: JSONTokens

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
    /// The levels beyond those; no honest sender nests that deep.
    private var deepLevels: [UInt64] = []
    private var isInObject = false
    private var child = Child()

    /// The memory must outlive the scanner. A byte order mark is the caller's to skip.
    init(_ bytes: UnsafeRawBufferPointer) {
        tokens = JSONTokens(bytes)
    }

    /// Reads the whole text.
    mutating func scan() throws(JSONError) {
        let start = tokens.endOfWhiteSpace(from: 0)
        isObject = tokens.byte(at: start) == UInt8(ascii: "{")
        var place = start
        var isDone = false
        // The place is handed from call to call, so that it stays in a register.
        repeat {
            place = try endOfValueOrEmptyContainer(from: place)
            (place, isDone) = try nextValue(after: place)
        } while !isDone
        value = start..<place
        place = tokens.endOfWhiteSpace(from: place)
        if place < tokens.count { throw tokens.invalid("something stands after the value", at: place) }
    }

    /// Reads members, or elements, until `isEnough` returns true for one; the rest is not read.
    mutating func scan(until isEnough: (Child) -> Bool) throws(JSONError) {
        var place = tokens.endOfWhiteSpace(from: 0)
        isObject = tokens.byte(at: place) == UInt8(ascii: "{")
        var isDone = false
        var seen = 0
        repeat {
            place = try endOfValueOrEmptyContainer(from: place)
            (place, isDone) = try nextValue(after: place)
            while seen < children.count {
                if isEnough(children[seen]) { return }
                seen += 1
            }
        } while !isDone
    }

    /// Steps into containers until there is a value that is not a container, or an empty container, and reads that.
    private mutating func endOfValueOrEmptyContainer(from start: Int) throws(JSONError) -> Int {
        var place = start
        while true {
            if depth == 1 { child.valueStart = UInt32(truncatingIfNeeded: place) }
            guard let byte = tokens.byte(at: place) else { throw tokens.invalid("a value is missing", at: place) }
            switch byte {
            case UInt8(ascii: "\""):
                return try tokens.string(at: place).end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open(object: byte == UInt8(ascii: "{"))
                place = tokens.endOfWhiteSpace(from: place + 1)
                if tokens.byte(at: place) == byte + 2 {  // Both closing brackets come two after the opening ones.
                    close()
                    return place + 1
                }
                if isInObject { place = try valueStart(afterKeyAt: place) }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                return try tokens.endOfNumber(from: place)
            case UInt8(ascii: "t"):
                return try tokens.endOfLiteral("true", from: place)
            case UInt8(ascii: "f"):
                return try tokens.endOfLiteral("false", from: place)
            case UInt8(ascii: "n"):
                return try tokens.endOfLiteral("null", from: place)
            default:
                throw tokens.invalid("a value is missing", at: place)
            }
        }
    }

    /// After a value: closes the containers that end here, and steps over a comma and the key behind it. `isDone` at
    /// the end of the outermost value.
    private mutating func nextValue(after start: Int) throws(JSONError) -> (place: Int, isDone: Bool) {
        var end = start
        while depth > 0 {
            let place = tokens.endOfWhiteSpace(from: end)
            guard let byte = tokens.byte(at: place) else { throw tokens.invalid("the text ends too early", at: place) }
            guard byte == UInt8(ascii: ",") || byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw tokens.invalid(isInObject ? "`,` or `}` is missing" : "`,` or `]` is missing", at: place)
            }
            if depth == 1 {
                child.valueEnd = UInt32(truncatingIfNeeded: end)
                children.append(child)
            }
            if byte == UInt8(ascii: ",") {
                let next = tokens.endOfWhiteSpace(from: place + 1)
                return (isInObject ? try valueStart(afterKeyAt: next) : next, false)
            }
            close()
            end = place + 1
        }
        return (end, true)
    }

    /// Steps into a container.
    private mutating func open(object: Bool) {
        if depth < Self.flatLevels {
            let bit = UInt64(1) << UInt64(depth & 63)
            if object { levels[depth >> 6] |= bit } else { levels[depth >> 6] &= ~bit }
        } else {
            openDeep(object: object)
        }
        depth += 1
        isInObject = object
        // More members than a frame has, so that the array is allocated once.
        if depth == 1 { children.reserveCapacity(24) }
    }

    /// Back to the container around the one that ended.
    private mutating func close() {
        depth -= 1
        guard depth > 0 else { return }
        let level = depth - 1
        let word =
            level < Self.flatLevels ? levels[level >> 6] : deepLevels[(level - Self.flatLevels) >> 6]
        isInObject = word & (UInt64(1) << UInt64(level & 63)) != 0
    }

    private mutating func openDeep(object: Bool) {
        let index = (depth - Self.flatLevels) >> 6
        if index == deepLevels.count { deepLevels.append(0) }
        let bit = UInt64(1) << UInt64(depth & 63)
        if object { deepLevels[index] |= bit } else { deepLevels[index] &= ~bit }
    }

    /// A key, its colon and the white space around that.
    private mutating func valueStart(afterKeyAt start: Int) throws(JSONError) -> Int {
        guard tokens.byte(at: start) == UInt8(ascii: "\"") else { throw tokens.invalid("a key is missing", at: start) }
        let key = try tokens.string(at: start)
        if depth == 1 {
            child.keyStart = UInt32(truncatingIfNeeded: start + 1)
            child.keyEnd = UInt32(truncatingIfNeeded: key.end - 1)
            child.keyHasEscapes = key.hasEscapes
        }
        let colon = tokens.endOfWhiteSpace(from: key.end)
        guard tokens.byte(at: colon) == UInt8(ascii: ":") else { throw tokens.invalid("`:` is missing", at: colon) }
        return tokens.endOfWhiteSpace(from: colon + 1)
    }
}
