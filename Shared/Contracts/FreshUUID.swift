/// Identities nobody else has: random UUIDs (RFC 9562 §5.4) in small letters.
///
/// Foundation's `UUID()` is not used: with Swift 6.3.1 on Linux, in a process without a free descriptor, it returns the
/// same value every time, without an error. `SystemRandomNumberGenerator` asks the kernel itself (`getrandom(2)`),
/// which needs no descriptor; where even that fails it ends the process.
public enum FreshUUID {
    public static func text() -> String {
        var generator = SystemRandomNumberGenerator()
        return text(using: &generator)
    }

    public static func text(using generator: inout some RandomNumberGenerator) -> String {
        // Version 4, variant 10.
        let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = hexadecimal(high) + hexadecimal(low)
        var text = ""
        text.reserveCapacity(36)
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
