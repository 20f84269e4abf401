import Synchronization

/// What an operator wants counted: each number says how often a bound was reached or something was given up.
final class EdgeCounters: Sendable {
    let eventsIn = Atomic<Int>(0)
    let actions = Atomic<Int>(0)
    let slowClientsClosed = Atomic<Int>(0)
    let eventsDropped = Atomic<Int>(0)
    let lateAnswers = Atomic<Int>(0)
    let repeatsDropped = Atomic<Int>(0)
    let gaps = Atomic<Int>(0)
}

extension Atomic where Value == Int {
    func add(_ count: Int = 1) { wrappingAdd(count, ordering: .relaxed) }
}
