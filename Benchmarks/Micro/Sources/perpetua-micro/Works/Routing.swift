import Bus
import Contracts
import NIOCore

@testable import WSEdge

/// One event from the edge's queue to its clients' sockets.
enum Routing {
    static let all = [
        Benchmark(name: "route-event-to-1", title: "route an event from the inbox to 1 session", count: 1000) {
            try await route(to: 1)
        },
        Benchmark(
            name: "route-event-to-1000", title: "route an event from the inbox to 1,000 sessions", count: 100
        ) {
            try await route(to: 1000)
        },
    ]

    private static func route(to clients: Int) async throws -> Work {
        let parts = try await EdgeParts.make(clients: clients)
        var properties = MessageProperties("event", from: .edge, at: 1_700_000_000)
        properties.isPersistent = true
        var sequence = 0
        return .turns(
            Turns(on: parts.eventLoop) {
                sequence += 1
                parts.arrivals.expect(clients)
                properties.messageID = "1700000000000-\(sequence)"
                parts.inbox.receive(
                    Delivery(
                        Message(Frames.event, properties), exchange: EdgeParts.exchanges.events.name,
                        routingKey: "10001.message.group.normal", redelivered: false, onAcknowledge: {}))
            } hasEnded: {
                parts.arrivals.areComplete
            })
    }
}
