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

    /// In the largest unit that leaves no rest.
    static func write(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = units.last { bytes.isMultiple(of: $0.bytes) } ?? units[0]
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
