public import NIOCore

/// What can still be read of a frame that is not valid JSON, or of which only the beginning and the end are left.
///
/// Whoever asked something must be answered, so the echo is searched for by all means. Where the frame is broken on
/// both sides of it, the result is only a good guess.
public struct UnreadableFrame: Sendable {
    /// Why it cannot be read.
    public enum Cause: Sendable, Hashable {
        /// It is not JSON, or not of the kind that is needed.
        case invalid(String)
        case notUTF8
        /// It has more bytes than `limit`, and was not kept.
        case tooLarge(limit: Int)
        /// The process had no room for it.
        case noRoom
        /// It came so slowly that its room was given to others.
        case tooSlow
    }

    public let cause: Cause
    /// Its first bytes; all of them where it was kept whole.
    private let head: ByteBuffer
    /// Its last bytes; `nil` where `head` is all of it.
    private let tail: ByteBuffer?
    /// The echo that was seen while the frame passed by.
    private let passed: ByteBuffer?

    /// How many bytes at the end of a frame that was kept whole are searched for an echo, and how many places at most.
    private static let searched = (bytes: 64 << 10, places: 16)
    /// The longest echo of our own that a bot sends back, quotes included.
    private static let longestToken = 128

    /// - Parameters:
    ///   - tail: its last bytes, where not all of it is left.
    ///   - echo: the value of its echo, where it was read while the frame passed by.
    public init(_ cause: Cause, head: ByteBuffer, tail: ByteBuffer? = nil, echo: ByteBuffer? = nil) {
        self.cause = cause
        // `try?`: bytes that are not JSON are not an echo.
        passed = echo.flatMap { try? JSONText(validating: $0).bytes }
        self.head = head.withoutByteOrderMark
        self.tail = tail
    }

    /// How many bytes of it are left.
    public var keptBytes: Int { head.readableBytes + (tail?.readableBytes ?? 0) + (passed?.readableBytes ?? 0) }

    /// Whether it begins like an object. A frame that does not is neither event nor answer nor action, whatever is
    /// wrong with it.
    public var isObject: Bool {
        head.readableBytesView.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D } == UInt8(ascii: "{")
    }

    /// The echo as its sender wrote it; `nil` where none can be found.
    public var echo: ByteBuffer? {
        let members = membersBeforeFault
        let found = head.withUnsafeReadableBytes { pointer in members.last { $0.isNamed("echo", in: pointer) } }
        if let found { return JSONText(slice: found.value, of: head).bytes }
        if let passed { return passed }
        // An echo within a complete member is not the frame's own.
        let known = members.last?.value.upperBound ?? 0
        return Self.echo(atEndOf: tail ?? Self.end(of: head, behind: known))
    }

    /// The first string that begins with those bytes (its opening quote among them), quotes included. This finds an
    /// echo of our own, which nobody else has. `nil` where there is none.
    public func string(beginningWith prefix: [UInt8]) -> ByteBuffer? {
        if let passed, passed.readableBytesView.starts(with: prefix), passed.readableBytes <= Self.longestToken {
            return passed
        }
        return Self.string(beginningWith: prefix, in: head)
            ?? tail.flatMap { Self.string(beginningWith: prefix, in: $0) }
    }

    private var membersBeforeFault: [FrameScanner.Child] {
        head.withUnsafeReadableBytes { pointer in
            var scanner = FrameScanner(pointer)
            // `try?`: it is already known that the frame cannot be read.
            try? scanner.scan()
            return scanner.isObject ? scanner.children : []
        }
    }

    private static func end(of text: ByteBuffer, behind place: Int) -> ByteBuffer {
        let length = min(searched.bytes, text.readableBytes - place)
        return text.getSlice(at: text.writerIndex - length, length: length) ?? ByteBuffer()
    }

    private static func echo(atEndOf text: ByteBuffer) -> ByteBuffer? {
        let key = Array(#""echo""#.utf8)
        let bytes = text.readableBytesView
        var guess: ByteBuffer?
        var end = bytes.endIndex
        for _ in 0..<searched.places {
            guard let place = lastPlace(of: key, in: bytes[..<end]) else { break }
            end = place + key.count - 1
            // An escaped quote is part of a text.
            if place > bytes.startIndex, bytes[place - 1] == UInt8(ascii: "\\") { continue }
            switch Reading(of: bytes[place...]) {
            case .member(let echo): return echo
            case .broken(let echo): guess = guess ?? echo
            case .none: break
            }
        }
        return guess
    }

    /// The text from a key on, read as the rest of an object.
    private enum Reading {
        /// The object ends where the text ends, so this is a member of the frame itself.
        case member(ByteBuffer)
        /// The value is complete, but something behind it is broken.
        case broken(ByteBuffer)
        /// No value, or the member of an object within.
        case none

        init(of rest: ByteBufferView) {
            var text = ByteBufferAllocator().buffer(capacity: rest.count + 1)
            text.writeInteger(UInt8(ascii: "{"))
            text.writeBytes(rest)
            let (first, isWhole, isValid) = text.withUnsafeReadableBytes { pointer in
                var scanner = FrameScanner(pointer)
                do throws(JSONError) {
                    try scanner.scan()
                    return (scanner.children.first, true, true)
                } catch {
                    return (scanner.children.first, !scanner.value.isEmpty, false)
                }
            }
            guard let first, isValid || !isWhole else {
                self = .none
                return
            }
            // Copied, so that a small echo does not keep a large text alive.
            let echo = ByteBuffer(bytes: JSONText(slice: first.value, of: text).bytes.readableBytesView)
            self = isValid ? .member(echo) : .broken(echo)
        }
    }

    private static func lastPlace(of word: [UInt8], in bytes: ByteBufferView) -> Int? {
        var place = bytes.endIndex - word.count
        while place >= bytes.startIndex {
            if bytes[place] == word[0], bytes[place..<place + word.count].elementsEqual(word) { return place }
            place -= 1
        }
        return nil
    }

    private static func string(beginningWith prefix: [UInt8], in text: ByteBuffer) -> ByteBuffer? {
        let found: Range<Int>? = text.withUnsafeReadableBytes { bytes in
            var place = 0
            while place + prefix.count < bytes.count {
                if bytes[place] == prefix[0], bytes[place..<place + prefix.count].elementsEqual(prefix) {
                    let inside = bytes[(place + prefix.count)...].prefix(longestToken)
                    return inside.firstIndex(of: UInt8(ascii: "\"")).map { place..<$0 + 1 }
                }
                place += 1
            }
            return nil
        }
        return found.flatMap { text.getSlice(at: text.readerIndex + $0.lowerBound, length: $0.count) }
    }
}
