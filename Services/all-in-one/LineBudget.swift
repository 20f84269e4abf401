/// How many lines a second may still bring.
struct LineBudget: Sendable {
    private let perSecond: Int
    private var second = 0
    private var taken = 0
    private var skipped = 0

    init(perSecond: Int) {
        self.perSecond = perSecond
    }

    /// Whether one more line may be shown in this second; if not, it is counted.
    mutating func take(at second: Int) -> Bool {
        if second != self.second {
            self.second = second
            taken = 0
        }
        guard taken < perSecond else {
            skipped += 1
            return false
        }
        taken += 1
        return true
    }

    /// How many were not shown since the last call.
    mutating func takeSkipped() -> Int {
        defer { skipped = 0 }
        return skipped
    }
}
