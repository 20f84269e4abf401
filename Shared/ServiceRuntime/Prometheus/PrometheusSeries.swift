import CoreMetrics
import Synchronization

/// One line, or one histogram's lines, of what is exposed.
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

/// How often values fell between which bounds, and their sum. Durations are in seconds.
final class PrometheusHistogram: PrometheusSeries, TimerHandler, RecorderHandler {
    private let bounds: [Double]
    /// One for each bound, and one for what is above all.
    private let counts: [AtomicDouble]
    private let sum = AtomicDouble()

    /// - Parameter buckets: upper ends, ascending.
    init(buckets: [Double]) {
        bounds = buckets
        counts = (0...buckets.count).map { _ in AtomicDouble() }
    }

    /// The count is that of the buckets, so that one reading never contradicts itself.
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

/// A number of its own kind in Swift's `Synchronization`, which knows whole ones only; exact for counts up to 2^53.
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
