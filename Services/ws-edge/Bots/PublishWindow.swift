/// How much of what a link published is not confirmed yet: over the bound the bot is read no further, below half of it again.
struct PublishWindow {
    let maxCount: Int
    let maxBytes: Int
    private(set) var count = 0
    private(set) var bytes = 0
    /// True from reaching the bound until half of it is confirmed.
    private(set) var isFull = false

    init(maxCount: Int = 256, maxBytes: Int = 64 << 20) {
        self.maxCount = maxCount
        self.maxBytes = maxBytes
    }

    enum Change { case none, filled, drained }

    mutating func published(bytes size: Int) -> Change {
        count += 1
        bytes += size
        guard !isFull, count >= maxCount || bytes >= maxBytes else { return .none }
        isFull = true
        return .filled
    }

    mutating func settled(bytes size: Int) -> Change {
        count -= 1
        bytes -= size
        guard isFull, count < maxCount / 2 || count == 0, bytes < maxBytes / 2 || count == 0 else { return .none }
        isFull = false
        return .drained
    }
}
