/// How long to wait before trying again: the bound doubles from `first` to `longest`, and the wait is random below it
/// ("full jitter"), so that many clients that lost the same server do not come back at the same moment.
public struct Backoff<Generator: RandomNumberGenerator> {
    private let first: Duration
    private let longest: Duration
    private var failures = 0
    private var generator: Generator

    public init(first: Duration, longest: Duration, generator: Generator) {
        self.first = first
        self.longest = longest
        self.generator = generator
    }

    /// The next wait: at least a tenth of `first`, at most the bound.
    public mutating func next() -> Duration {
        let bound = min(longest, first * (1 << min(failures, 20)))
        failures += 1
        return max(first / 10, bound * Double.random(in: 0..<1, using: &generator))
    }

    /// Things went well: the next wait is short again.
    public mutating func reset() { failures = 0 }
}

extension Backoff where Generator == SystemRandomNumberGenerator {
    public init(first: Duration, longest: Duration) {
        self.init(first: first, longest: longest, generator: SystemRandomNumberGenerator())
    }
}
