/// Which of some known names an unknown name most likely means.
public enum NearestName {
    /// The name a typist most likely meant: one that is few edits away, or that continues this one.
    public static func find(_ name: String, among names: Set<String>) -> String? {
        let wanted = Array(name.lowercased().utf8)
        let limit = max(2, wanted.count / 3)
        let byDistance = names.map { (distance: editDistance(wanted, Array($0.lowercased().utf8)), name: $0) }
        let best = byDistance.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let best, best.distance <= limit { return best.name }
        let ends = names.filter { $0.hasSuffix(".\(name)") || $0.hasPrefix("\(name).") }
        return ends.min()
    }

    /// Levenshtein's distance: how many bytes to insert, delete or replace.
    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
