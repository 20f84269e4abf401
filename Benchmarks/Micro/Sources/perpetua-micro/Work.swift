import AllocationCounter
import NIOCore

/// The work that is measured, ready to begin.
enum Work {
    /// Carries the operation out that often, in one call.
    case calls((_ count: Int) throws -> Void)
    /// An operation that takes several turns of an event loop.
    case turns(Turns)

    /// How many operations come before those that count: by then, whatever is made only once has been made.
    static let warmUp = 64

    func measure(_ count: Int) async throws -> Measurement {
        switch self {
        case .calls(let body):
            try body(Self.warmUp)
            let start = Moment.now
            try body(count)
            return Measurement(count, from: start, to: .now)
        case .turns(let turns):
            _ = await turns.carryOut(Self.warmUp)
            return await turns.carryOut(count)
        }
    }
}

/// Keeps the compiler from removing a value that nobody uses.
@inline(__always)
func keep<Value>(_ value: Value) {
    withUnsafePointer(to: value) { allocation_counter_keep($0) }
}
