/// A steady pace: each wait is `interval`, give or take half of it, however many waits came before. A bot or framework
/// that starts again is found soon, however long it was away, and dialers that lost the same one do not come back
/// together.
struct RedialPace<Generator: RandomNumberGenerator> {
    private let interval: Duration
    private var generator: Generator

    init(_ interval: Duration, generator: Generator) {
        self.interval = interval
        self.generator = generator
    }

    mutating func next() -> Duration { interval * Double.random(in: 0.5..<1.5, using: &generator) }
}

extension RedialPace where Generator == SystemRandomNumberGenerator {
    init(_ interval: Duration) { self.init(interval, generator: SystemRandomNumberGenerator()) }
}
