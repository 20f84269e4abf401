/// Polls until a condition holds; the only way for a test to wait for something that happens elsewhere.
///
/// - Parameters:
///   - limit: how long at most. It is generous by default, since only a test that fails uses it up. On a busy machine
///     it may be longer: the condition is looked at a hundred times in any case.
///   - what: the condition in words, for the error.
///   - read: reads the value the condition is about.
///   - condition: whether that value is what the test waits for.
/// - Returns: the value that satisfied the condition.
/// - Throws: ``EventuallyFailure`` with the value last seen; what `read` throws; `CancellationError`.
@discardableResult
public func eventually<Value>(
    within limit: Duration = .seconds(10), _ what: String = "the condition holds",
    file: String = #fileID, line: Int = #line, isolation: isolated (any Actor)? = #isolation,
    read: () async throws -> Value, until condition: (Value) -> Bool
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var looks = 0
    while true {
        let value = try await read()
        looks += 1
        if condition(value) { return value }
        if clock.now >= deadline, looks >= fewestLooks {
            throw EventuallyFailure(what: what, limit: limit, lastSeen: "\(value)", place: "\(file):\(line)")
        }
        // Looks less often the longer it takes, so that waiting tests leave the machine to what they wait for.
        try await Task.sleep(for: .milliseconds(min(1 + looks / 10, 10)), clock: clock)
    }
}

/// A machine with any time left for a test manages this many looks within a second or two.
private let fewestLooks = 100

/// Polls until `condition` is true. Prefer the form with `read`, which can say what it saw.
public func eventually(
    within limit: Duration = .seconds(10), _ what: String = "the condition holds",
    file: String = #fileID, line: Int = #line, isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    try await eventually(within: limit, what, file: file, line: line, read: condition, until: { $0 })
}

/// A condition that did not come true in time.
public struct EventuallyFailure: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let lastSeen: String
    let place: String

    public var description: String {
        "Waited \(limit) at \(place) until \(what). Last seen: \(lastSeen)"
    }
}
