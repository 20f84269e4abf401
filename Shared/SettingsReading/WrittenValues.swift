/// How a duration is written: `500ms`, `60s`, `10m`, `2h`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
    ]

    /// A bare number counts in milliseconds. `nil` for anything else, for negative and for absurdly large ones.
    static func parse(_ text: String) -> Duration? {
        let text = text.split(whereSeparator: \.isWhitespace).joined()
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard let number = Int64(digits),
            let unit = suffix.isEmpty ? units.first : units.first(where: { $0.name == suffix })
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// In the largest unit that divides it.
    static func write(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "0s" }
        let unit = units.last { milliseconds.isMultiple(of: $0.milliseconds) } ?? units[0]
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}

/// How a number of bytes is written: `64KiB`, `16MiB`, `1GiB`.
enum ByteCountText {
    private static let units: [(name: String, bytes: Int)] = [
        ("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    /// A bare number counts in bytes. `nil` for anything else, for negative and for absurdly large ones.
    static func parse(_ text: String) -> Int? {
        let text = text.split(whereSeparator: \.isWhitespace).joined()
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count)
        guard let number = Int(digits), let unit = units.first(where: { $0.name == suffix }) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// In the largest unit that divides it.
    static func write(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = units.last { bytes.isMultiple(of: $0.bytes) } ?? units[0]
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

/// How a range of numbers is written: `1…65535`, and `1…` where only the type bounds it.
extension ClosedRange<Int> {
    var written: String { upperBound == .max ? "\(lowerBound)…" : "\(lowerBound)…\(upperBound)" }
    var inWords: String { upperBound == .max ? "\(lowerBound) or more" : "from \(lowerBound) to \(upperBound)" }
}
