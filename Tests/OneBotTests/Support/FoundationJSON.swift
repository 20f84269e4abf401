import Foundation
import NIOCore

@testable import OneBot

/// Foundation's parser, to compare ours with.
enum FoundationJSON {
    /// The value Foundation reads; `nil` where it takes the bytes for invalid.
    static func parse(_ bytes: [UInt8]) -> Any? {
        // `try?`: the error would only say that it is invalid.
        try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    /// Whether both understood the same.
    static func agrees(_ text: JSONText, with value: Any) -> Bool {
        switch text.kind {
        case .null: return value is NSNull
        case .boolean: return (value as? NSNumber)?.boolValue == text.bool
        case .string: return isSame(text.string, value as? String)
        case .number: return isSame(text, value as? NSNumber)
        case .array:
            guard let ours = text.array, let theirs = value as? [Any], ours.count == theirs.count else { return false }
            return zip(ours, theirs).allSatisfy { agrees($0, with: $1) }
        case .object:
            guard let ours = text.object, let theirs = value as? [String: Any] else { return false }
            guard Set(ours.keys) == Set(theirs.keys) else { return false }
            return theirs.allSatisfy { key, value in ours[key].map { agrees($0, with: value) } ?? false }
        }
    }

    /// Whether the text contains something that is valid to us but not to Foundation: a number too large for a double,
    /// half of a surrogate pair.
    static func holdsWhatItRefuses(_ text: JSONText) -> Bool {
        if holdsHalfPair(text.bytes) { return true }
        return switch text.kind {
        case .number: text.double == nil
        case .array: text.array?.contains(where: holdsWhatItRefuses) ?? false
        case .object:
            // Foundation also reads the values of duplicate keys that come before the last.
            text.object.map { object in object.members.contains { holdsWhatItRefuses(object.value(of: $0)) } } ?? false
        case .null, .boolean, .string: false
        }
    }

    /// Whether an escape in that valid text is half of a surrogate pair.
    private static func holdsHalfPair(_ text: ByteBuffer) -> Bool {
        var awaitsTrail = false
        var bytes = text.readableBytesView[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\"), bytes.popFirst() == UInt8(ascii: "u"),
                let unit = UInt16(String(decoding: bytes.prefix(4), as: UTF8.self), radix: 16)
            else {
                if awaitsTrail { return true }
                continue
            }
            bytes = bytes.dropFirst(4)
            if awaitsTrail != UTF16.isTrailSurrogate(unit) { return true }
            awaitsTrail = UTF16.isLeadSurrogate(unit)
        }
        return awaitsTrail
    }

    private static func isSame(_ ours: String?, _ theirs: String?) -> Bool {
        guard let ours, let theirs else { return false }
        return ours.utf8.elementsEqual(theirs.utf8)
    }

    private static func isSame(_ ours: JSONText, _ theirs: NSNumber?) -> Bool {
        guard let theirs, let double = ours.double else { return false }
        let tolerance = abs(double) * 1e-15
        guard abs(theirs.doubleValue - double) <= tolerance else { return false }
        // Only numbers that are written as integers are compared: Foundation makes a double of 1e3.
        guard let exact = Int64(String(buffer: ours.bytes)) else { return true }
        return ours.int64 == exact && theirs.int64Value == exact
    }
}
