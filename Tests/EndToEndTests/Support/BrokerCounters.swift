import TestSupport

/// How many messages a RabbitMQ node has taken and delivered since it started, over all queues and connections. From
/// 3.10 on it counts them without a plugin.
struct BrokerCounters: Sendable {
    let published: Int
    let delivered: Int

    static func read(from broker: RabbitMQ) async throws -> BrokerCounters {
        func sum(_ counter: String) async throws -> Int {
            let answer = try await broker.evaluate(
                "lists:sum([maps:get(\(counter), M, 0) || M <- maps:values(rabbit_global_counters:overview())]).")
            guard let value = Int(answer) else { throw UnreadableCounter(name: counter, answer: answer) }
            return value
        }
        return BrokerCounters(
            published: try await sum("messages_received_total"), delivered: try await sum("messages_delivered_total"))
    }

    struct UnreadableCounter: Error {
        let name: String
        let answer: String
    }
}
