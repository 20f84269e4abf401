import Bus

/// What is to be there on the broker each time the connection comes back: exchanges, queues that are not exclusive,
/// their bindings.
///
/// An exclusive queue is a claim: it ends with the connection, and only its owner may decide to claim it again.
struct Topology {
    struct Binding: Hashable {
        let queue: QueueName
        let exchange: Exchange
        let pattern: BindingPattern
    }

    private(set) var exchanges: [Exchange] = []
    private(set) var queues: [QueueDeclaration] = []
    private(set) var bindings: [Binding] = []
    private var claims: Set<QueueName> = []

    func knows(_ exchange: Exchange) -> Bool { exchange.name.isEmpty || exchanges.contains(exchange) }

    mutating func declared(_ exchange: Exchange) {
        if !exchanges.contains(exchange) { exchanges.append(exchange) }
    }

    mutating func declared(_ queue: QueueDeclaration) {
        if queue.isExclusive {
            claims.insert(queue.name)
        } else if !queues.contains(where: { $0.name == queue.name }) {
            queues.append(queue)
        }
    }

    mutating func deleted(_ queue: QueueName) {
        claims.remove(queue)
        queues.removeAll { $0.name == queue }
        bindings.removeAll { $0.queue == queue }
    }

    /// Bindings of a queue that was not declared here are not kept: only the queue's owner can bring it back, and
    /// repeats them.
    mutating func bound(_ binding: Binding) {
        if queues.contains(where: { $0.name == binding.queue }), !bindings.contains(binding) {
            bindings.append(binding)
        }
    }

    mutating func unbound(_ binding: Binding) { bindings.removeAll { $0 == binding } }

    /// Whether a consumer of that queue comes back by itself.
    func isKept(_ queue: QueueName) -> Bool { !claims.contains(queue) }

    /// Whether it was declared here, and lives no longer than its consumer: what it delivers again after a loss comes
    /// to the same process, or to nobody.
    func isOurs(_ queue: QueueName) -> Bool {
        claims.contains(queue)
            || queues.contains { $0.name == queue && $0.hasSingleActiveConsumer && $0.expires != nil }
    }

    /// The connection is gone, and every claim with it.
    mutating func connectionLost() { claims = [] }

    /// In the order in which it can be declared.
    var steps: [AMQPOutgoing] {
        exchanges.map { .exchangeDeclare($0) } + queues.map { .queueDeclare($0) }
            + bindings.map { .queueBind($0.queue, $0.exchange, $0.pattern) }
    }
}
