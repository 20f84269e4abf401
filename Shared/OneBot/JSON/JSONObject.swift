public import NIOCore

/// A JSON object as its bytes and the ranges of its top-level members. A member can be read, replaced, inserted or
/// removed; every other byte stays as the sender wrote it.
public struct JSONObject: Sendable {
    /// The text, with the white space around it, but without the byte order mark it may have begun with.
    public let bytes: ByteBuffer
    /// In the order of the text; offsets count from the reader index of `bytes`.
    let members: [FrameScanner.Child]
    /// Where the opening brace stands.
    private let start: Int

    /// Checks the whole text (RFC 8259) in one pass. White space around the object is allowed and kept.
    public init(_ bytes: ByteBuffer) throws(JSONError) {
        let text = bytes.withoutByteOrderMark
        (members, start) = try text.withUnsafeReadableBytes { pointer throws(JSONError) in
            var scanner = FrameScanner(pointer)
            do throws(JSONError) {
                try scanner.scan()
            } catch {
                throw error.shifted(by: bytes.readableBytes - text.readableBytes)
            }
            guard scanner.isObject else { throw .notAnObject }
            return (scanner.children, scanner.value.lowerBound)
        }
        self.bytes = text
    }

    /// The member of that name; of duplicates the last one, as most parsers have it. Keys are compared byte for byte
    /// after escapes are resolved.
    public subscript(key: String) -> JSONText? {
        let found = bytes.withUnsafeReadableBytes { pointer in
            members.last { $0.isNamed(key, in: pointer) }
        }
        return found.map(value(of:))
    }

    /// The names of the members, in order, duplicates included.
    public var keys: [String] {
        bytes.withUnsafeReadableBytes { pointer in
            members.map { member in
                JSONStrings.text(of: .init(rebasing: pointer[member.key]), hasEscapes: member.keyHasEscapes)
            }
        }
    }

    /// The same text without any member of that name (all duplicates go). Without such a member: the same buffer.
    public func removing(_ key: String) -> ByteBuffer {
        self[key] == nil ? bytes : rewritten(removing: key, setting: nil)
    }

    /// The same text with that member's value replaced (of duplicates the last is replaced and the others go), or with
    /// the member appended as the last one where there was none. `value` must be valid JSON.
    public func setting(_ key: String, to value: ByteBuffer) -> ByteBuffer {
        // The way every echo is replaced: the bytes before and behind its only value are copied.
        guard let old = onlyValue(named: key) else { return rewritten(removing: nil, setting: (key, value)) }
        var output = ByteBufferAllocator().buffer(capacity: bytes.readableBytes - old.count + value.readableBytes)
        bytes.withUnsafeReadableBytes { pointer in
            output.writeBytes(pointer[..<old.lowerBound])
            output.writeImmutableBuffer(value)
            output.writeBytes(pointer[old.upperBound...])
        }
        return output
    }

    /// Where the value of that name stands; `nil` where there is none, or more than one.
    private func onlyValue(named key: String) -> Range<Int>? {
        bytes.withUnsafeReadableBytes { pointer in
            guard let first = members.firstIndex(where: { $0.isNamed(key, in: pointer) }),
                !members[(first + 1)...].contains(where: { $0.isNamed(key, in: pointer) })
            else { return nil }
            return members[first].value
        }
    }

    /// The same text, with the members of `other` appended whose names it does not have.
    public func completed(by other: JSONObject) -> ByteBuffer {
        // Names are compared byte for byte: two spellings of one letter are two names.
        let names = Set(keys.map { Array($0.utf8) })
        let missing = zip(other.members, other.keys).filter { !names.contains(Array($0.1.utf8)) }.map(\.0)
        if missing.isEmpty { return bytes }
        let end = members.last?.value.upperBound ?? start + 1
        var output = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + other.bytes.readableBytes)
        _ = bytes.withUnsafeReadableBytes { output.writeBytes($0[..<end]) }
        other.bytes.withUnsafeReadableBytes { pointer in
            for (index, member) in missing.enumerated() {
                if index > 0 || !members.isEmpty { output.writeInteger(UInt8(ascii: ",")) }
                output.writeBytes(pointer[member.member])
            }
        }
        _ = bytes.withUnsafeReadableBytes { output.writeBytes($0[end...]) }
        return output
    }

    /// Both in one pass.
    func removing(_ removed: String, setting key: String, to value: ByteBuffer) -> ByteBuffer {
        rewritten(removing: removed, setting: (key, value))
    }

    // MARK: One member, by where it stands

    func value(of member: FrameScanner.Child) -> JSONText {
        JSONText(slice: member.value, of: bytes)
    }

    func kind(of member: FrameScanner.Child) -> JSONText.Kind {
        withBytes(of: member) { JSONText.Kind(of: $0) }
    }

    /// The text of a string; `nil` for any other kind.
    func string(of member: FrameScanner.Child) -> String? {
        withBytes(of: member) { JSONStrings.text(ofQuoted: $0) }
    }

    /// A whole number in the range of `Int64`; `nil` for anything else.
    func int64(of member: FrameScanner.Child) -> Int64? {
        withBytes(of: member) { JSONNumbers.int64(of: $0) }
    }

    /// A whole number or a string of decimal digits, as some bots write it; `nil` for anything else.
    func selfID(of member: FrameScanner.Child) -> SelfID? {
        int64(of: member).map(SelfID.init) ?? string(of: member).flatMap(SelfID.init(decimal:))
    }

    @inline(__always)
    private func withBytes<Result>(
        of member: FrameScanner.Child, _ read: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        bytes.withUnsafeReadableBytes { read(UnsafeRawBufferPointer(rebasing: $0[member.value])) }
    }

    // MARK: Rewriting

    /// What happens to a member.
    private enum Fate { case kept, removed, replaced }

    private func rewritten(removing removed: String?, setting new: (key: String, value: ByteBuffer)?) -> ByteBuffer {
        let fates = fates(removing: removed, setting: new?.key)
        var output = ByteBufferAllocator().buffer(
            capacity: bytes.readableBytes + (new.map { $0.key.utf8.count + $0.value.readableBytes + 8 } ?? 0))
        bytes.withUnsafeReadableBytes { pointer in
            output.writeBytes(pointer[..<(members.first?.member.lowerBound ?? start + 1)])
            var isFirst = true
            for (index, member) in members.enumerated() where fates[index] != .removed {
                // A member is written with the comma before it, and the white space around that.
                if !isFirst {
                    output.writeBytes(pointer[members[index - 1].value.upperBound..<member.member.lowerBound])
                }
                isFirst = false
                if fates[index] == .replaced, let new {
                    output.writeBytes(pointer[member.member.lowerBound..<member.value.lowerBound])
                    output.writeImmutableBuffer(new.value)
                } else {
                    output.writeBytes(pointer[member.member])
                }
            }
            if let new, !fates.contains(.replaced) {
                if !isFirst { output.writeInteger(UInt8(ascii: ",")) }
                output.writeJSONString(new.key)
                output.writeInteger(UInt8(ascii: ":"))
                output.writeImmutableBuffer(new.value)
            }
            output.writeBytes(pointer[(members.last?.value.upperBound ?? start + 1)...])
        }
        return output
    }

    private func fates(removing removed: String?, setting replaced: String?) -> [Fate] {
        bytes.withUnsafeReadableBytes { pointer in
            var fates: [Fate] = members.map { _ in .kept }
            var isReplaced = false
            for index in members.indices.reversed() {
                if let replaced, members[index].isNamed(replaced, in: pointer) {
                    fates[index] = isReplaced ? .removed : .replaced
                    isReplaced = true
                } else if let removed, members[index].isNamed(removed, in: pointer) {
                    fates[index] = .removed
                }
            }
            return fates
        }
    }
}

extension FrameScanner.Child {
    /// Whether this is the member of that name. A key without escapes is compared byte for byte.
    func isNamed(_ name: String, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard keyHasEscapes || key.count == name.utf8.count else { return false }
        var name = name
        return name.withUTF8 { name in
            JSONStrings.isEqual(.init(rebasing: bytes[key]), hasEscapes: keyHasEscapes, name)
        }
    }
}

extension ByteBuffer {
    /// The readable bytes behind a leading UTF-8 byte order mark, which a JSON parser may ignore (RFC 8259 §8.1) and no
    /// client should see.
    var withoutByteOrderMark: ByteBuffer {
        guard getInteger(at: readerIndex, as: UInt8.self) == 0xEF, readableBytesView.starts(with: [0xEF, 0xBB, 0xBF])
        else { return self }
        var rest = self
        rest.moveReaderIndex(forwardBy: 3)
        return rest
    }
}
