import CoreMetrics
import Synchronization

/// One line of `/metrics`, or the lines of one histogram.
protocol PrometheusSeries: AnyObject, Sendable {
    var reading: PrometheusText.Reading { get }
}

/// A counter or a gauge: one number, changed without a lock.
final class PrometheusNumber: PrometheusSeries, CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler
{
    private let value = AtomicDouble()

    var reading: PrometheusText.Reading { .number(value.load()) }

    func increment(by amount: Int64) { value.add(Double(amount)) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func set(_ new: Int64) { value.store(Double(new)) }
    func set(_ new: Double) { value.store(new) }
    func record(_ new: Int64) { value.store(Double(new)) }
    func record(_ new: Double) { value.store(new) }
    func reset() { value.store(0) }
}

/// How many values fell between each two bounds, and their sum. Durations are in seconds.
final class PrometheusHistogram: PrometheusSeries, TimerHandler, RecorderHandler {
    private let bounds: [Double]
    /// One for each bound, and one for values above all of them.
    private let counts: [AtomicDouble]
    private let sum = AtomicDouble()

    /// - Parameter buckets: upper ends, ascending.
    init(buckets: [Double]) {
        bounds = buckets
        counts = (0...buckets.count).map { _ in AtomicDouble() }
    }

    /// The total is computed from the buckets, so that a reading never contradicts itself.
    var reading: PrometheusText.Reading {
        .histogram(bounds: bounds, counts: counts.map { $0.load() }, sum: sum.load())
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count].add(1)
        sum.add(value)
    }
}

/// An atomic `Double`: Swift's `Synchronization` has whole numbers only. Exact for counts up to 2^53.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}
