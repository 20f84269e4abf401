/// How a range of numbers is written: `1…65535`, and `1…` where only the type ends it.
extension ClosedRange<Int> {
    var written: String { upperBound == .max ? "\(lowerBound)…" : "\(lowerBound)…\(upperBound)" }
    var inWords: String { upperBound == .max ? "\(lowerBound) or more" : "from \(lowerBound) to \(upperBound)" }
}
