/// One exchange of the in-memory broker: which queues get a message with a given key.
struct ExchangeState: Sendable {
    struct Binding: Hashable, Sendable {
        let queue: QueueName
        let pattern: BindingPattern
    }

    /// How many keys ``routes`` remembers; then it starts anew. Keys come from peers, so they need a bound.
    private static let maxRoutes = 4096

    let kind: Exchange.Kind
    /// In the order they were made.
    private var bindings: [Binding] = []
    /// The queues found by matching, by key: a broker sees few keys and many messages.
    private var routes: [RoutingKey: [QueueName]] = [:]

    init(_ kind: Exchange.Kind) { self.kind = kind }

    /// A binding that exists already is not added twice.
    mutating func bind(_ queue: QueueName, _ pattern: BindingPattern) {
        let binding = Binding(queue: queue, pattern: pattern)
        if bindings.contains(binding) { return }
        bindings.append(binding)
        routes.removeAll()
    }

    mutating func unbind(_ queue: QueueName, _ pattern: BindingPattern) {
        bindings.removeAll { $0 == Binding(queue: queue, pattern: pattern) }
        routes.removeAll()
    }

    mutating func unbindAll(of queue: QueueName) {
        guard bindings.contains(where: { $0.queue == queue }) else { return }
        bindings.removeAll { $0.queue == queue }
        routes.removeAll()
    }

    /// The queues that get a copy, each once however many of its bindings match.
    mutating func queues(for key: RoutingKey) -> [QueueName] {
        if let known = routes[key] { return known }
        var found: [QueueName] = []
        for binding in bindings where matches(binding.pattern, key) && !found.contains(binding.queue) {
            found.append(binding.queue)
        }
        if routes.count >= Self.maxRoutes { routes.removeAll(keepingCapacity: true) }
        routes[key] = found
        return found
    }

    private func matches(_ pattern: BindingPattern, _ key: RoutingKey) -> Bool {
        switch kind {
        case .topic: pattern.matches(key)
        case .direct: pattern.text.hasSameBytes(as: key.text)
        }
    }
}
