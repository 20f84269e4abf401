import Synchronization

/// The trace a message belongs to, in the form of W3C Trace Context
/// (https://www.w3.org/TR/trace-context/#traceparent-header). It is passed on from the door an action came through to
/// the bot and back.
///
/// Perpetua records no spans, so it passes the value on unchanged.
public struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// The name of the header, over HTTP and in messages.
    public static let header = "traceparent"

    /// The trace of the running task.
    @TaskLocal public static var current: TraceParent?

    /// `00-{32 hex digits}-{16 hex digits}-{2 hex digits}`
    public let text: String

    public var description: String { text }

    /// What all messages of one trace have in common.
    public var traceID: String { String(text.dropFirst(3).prefix(32)) }

    /// `nil` for a text that is not one: then a new trace is begun.
    public init?(_ text: String) {
        var text = text
        guard text.withUTF8(Self.isValid) else { return nil }
        self.text = text.utf8.count == 55 ? text : String(text.prefix(55))
    }

    private static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let isLonger = bytes.count > 55
        guard bytes.count == 55 || (isLonger && bytes[55] == UInt8(ascii: "-")), bytes.count <= 256 else {
            return false
        }
        for place in 0..<55 {
            let isDash = place == 2 || place == 35 || place == 52
            guard isDash ? bytes[place] == UInt8(ascii: "-") : isHexDigit(bytes[place]) else { return false }
        }
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == UInt8(ascii: "0") } }
        let isForbidden = bytes[0] == UInt8(ascii: "f") && bytes[1] == UInt8(ascii: "f")
        // A later version may be longer; version 00 is not, and ff is forbidden.
        return !isZero(3..<35) && !isZero(36..<52) && !isForbidden && (!isLonger || !isZero(0..<2))
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// A new trace, sampled. It differs from all others, and is not a secret.
    public static func make() -> TraceParent {
        let number = UniqueNumber.next()
        var generator = SplitMix(state: number &* 0x9E37_79B9_7F4A_7C15 ^ UniqueNumber.process)
        return TraceParent(UniqueNumber.process, generator.next(), max(generator.next(), 1))
    }

    /// The running task's, or a new one.
    public static var currentOrNew: TraceParent { current ?? make() }

    private init(_ high: UInt64, _ low: UInt64, _ span: UInt64) {
        text = String(unsafeUninitializedCapacity: 55) { bytes in
            var index = 0
            func write(_ byte: UInt8) {
                bytes[index] = byte
                index += 1
            }
            func write(hex number: UInt64, digits: Int) {
                for digit in stride(from: (digits - 1) * 4, through: 0, by: -4) {
                    let value = UInt8(number >> UInt64(digit) & 15)
                    write(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
                }
            }
            write(hex: 0, digits: 2)
            write(UInt8(ascii: "-"))
            write(hex: high, digits: 16)
            write(hex: low, digits: 16)
            write(UInt8(ascii: "-"))
            write(hex: span, digits: 16)
            write(UInt8(ascii: "-"))
            write(hex: 1, digits: 2)
            return index
        }
    }
}

/// Numbers that no other process uses: made of a random number of the process, and a count. That is cheaper than a
/// random one each time.
public enum UniqueNumber {
    /// Never 0.
    static let process = UInt64.random(in: 1 ... .max)
    private static let count = Atomic<UInt64>(0)

    static func next() -> UInt64 { count.wrappingAdd(1, ordering: .relaxed).newValue }

    /// As a word: `5f3c…-42`.
    public static var word: String { "\(String(process, radix: 16))-\(next())" }
}

/// Spreads a count over all numbers (SplitMix64).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
