import Synchronization

/// How many bytes all clients of the process together may be behind (`edge.outbound_budget`). Buffers are shared
/// between clients, so this counts more than there is: the bound errs to the safe side.
final class OutboundBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var bytes: Int { used.load(ordering: .relaxed) }

    var isExceeded: Bool { used.load(ordering: .relaxed) > limit }

    func change(by bytes: Int) {
        if bytes != 0 { used.wrappingAdd(bytes, ordering: .relaxed) }
    }
}
