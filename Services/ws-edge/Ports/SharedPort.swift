import Synchronization

/// The number of the shared port, once it is bound (`edge.shared_port` may be 0).
final class SharedPort: Sendable {
    private let number: Atomic<Int>

    init(configured: Int) { number = Atomic(configured) }

    var value: Int { number.load(ordering: .relaxed) }

    func bound(_ port: Int) { number.store(port, ordering: .relaxed) }
}
