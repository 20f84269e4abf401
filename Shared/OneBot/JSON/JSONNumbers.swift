/// JSON numbers to integers. The ``FrameScanner`` has checked the bytes before.
enum JSONNumbers {
    /// The number, if it is whole and fits: `1`, `1.0` and `1e3` are, `1.5` is not. Exact: no double in between. `nil`
    /// for a value that is not a number.
    static func int64(of bytes: UnsafeRawBufferPointer) -> Int64? {
        guard let first = bytes.first else { return nil }
        let isNegative = first == UInt8(ascii: "-")
        guard isNegative || first &- UInt8(ascii: "0") < 10 else { return nil }
        var magnitude: UInt64 = 0
        for index in (isNegative ? 1 : 0)..<bytes.count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return wholeNumber(bytes) }
            guard append(digit, to: &magnitude) else { return nilUnlessWhole(bytes) }
        }
        return signed(magnitude, isNegative: isNegative)
    }

    /// The plain digits overflowed, but `10000000000000000000e-1` still fits.
    private static func nilUnlessWhole(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        bytes.contains { $0 | 0x20 == UInt8(ascii: "e") } ? wholeNumber(bytes) : nil
    }

    /// The long way, for numbers with a fraction or an exponent: digits × 10^exponent, trailing zeros moved to the
    /// exponent.
    private static func wholeNumber(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        var magnitude: UInt64 = 0
        var isTooLong = false
        var zeros = 0
        var fractionDigits = 0
        var isInFraction = false
        var index = isNegative ? 1 : 0
        while index < bytes.count, bytes[index] | 0x20 != UInt8(ascii: "e") {
            defer { index += 1 }
            if bytes[index] == UInt8(ascii: ".") {
                isInFraction = true
                continue
            }
            if isInFraction { fractionDigits += 1 }
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit == 0 {
                zeros += 1
                continue
            }
            if magnitude > 0 {
                // Twenty digits never fit, so more zeros need not be appended.
                for _ in 0..<min(zeros, 20) where !append(0, to: &magnitude) { isTooLong = true }
            }
            zeros = 0
            if !append(digit, to: &magnitude) { isTooLong = true }
        }
        if isTooLong { return nil }
        if magnitude == 0 { return 0 }
        let power = exponent(bytes[min(index + 1, bytes.count)...]) + zeros - fractionDigits
        guard power >= 0, power < 20 else { return nil }
        for _ in 0..<power where !append(0, to: &magnitude) { return nil }
        return signed(magnitude, isNegative: isNegative)
    }

    /// The number behind the `e`; far beyond any use it stops growing.
    private static func exponent(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        var value = 0
        for byte in bytes {
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10, value < 1 << 48 { value = value * 10 + Int(digit) }
        }
        return bytes.first == UInt8(ascii: "-") ? -value : value
    }

    @inline(__always)
    private static func append(_ digit: UInt8, to magnitude: inout UInt64) -> Bool {
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        guard !overflow, !carry else { return false }
        magnitude = sum
        return true
    }

    private static func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude == Int64.min.magnitude ? Int64.min : Int64(exactly: magnitude).map { -$0 }
    }
}
