/// One thing a reader can name, and how to carry it out.
struct Benchmark: Sendable {
    /// In `Thresholds/`, and on the command line.
    let name: String
    /// One operation of it, in words.
    let title: String
    /// How many operations a measurement has.
    let count: Int
    /// Everything that is there before the first operation.
    let make: @Sendable () async throws -> Work

    static let all =
        Parsing.all + Echoes.all + WebSockets.all + AMQPFrames.all + InMemory.all + Presence.all + Routing.all
        + WholeWay.all
}

/// What a benchmark could not do, or did wrongly.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// - Throws: where that is not so: a benchmark that does something else than it says measures nothing.
func check(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
    if !condition { throw BenchmarkFailure(sentence()) }
}
