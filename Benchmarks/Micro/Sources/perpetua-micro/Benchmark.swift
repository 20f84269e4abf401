/// One operation with a name, and how to carry it out.
struct Benchmark: Sendable {
    /// Its name in `Thresholds/`, and on the command line.
    let name: String
    /// One operation, in words.
    let title: String
    /// How many operations a measurement has.
    let count: Int
    /// Makes everything that is needed before the first operation.
    let make: @Sendable () async throws -> Work

    static let all =
        Parsing.all + Echoes.all + WebSockets.all + AMQPFrames.all + InMemory.all + Presence.all + Routing.all
        + WholeWay.all
}

/// What a benchmark could not do, or did wrong.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// - Throws: where the condition is false: a benchmark that does not do what it says measures nothing.
func check(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
    if !condition { throw BenchmarkFailure(sentence()) }
}
