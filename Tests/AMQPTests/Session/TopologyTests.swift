import Bus
import Testing

@testable import AMQP

@Suite("Topology")
struct TopologyTests {
    private let exchange = Exchange("e", .topic)

    @Test("exchanges, lasting queues and their bindings are declared again, in that order and once each")
    func steps() {
        var topology = Topology()
        for _ in 0..<2 {
            topology.declared(QueueDeclaration("q"))
            topology.declared(exchange)
            topology.bound(.init(queue: "q", exchange: exchange, pattern: "#"))
        }
        topology.bound(.init(queue: "q", exchange: exchange, pattern: "a"))
        topology.unbound(.init(queue: "q", exchange: exchange, pattern: "a"))
        #expect(topology.steps.map(\.name) == ["exchange.declare e", "queue.declare q", "queue.bind q to e"])
        #expect(topology.knows(exchange) && topology.knows(.toQueue) && !topology.knows(Exchange("x", .topic)))
    }

    @Test("a claim goes with the connection, bindings and all")
    func claims() {
        var topology = Topology()
        topology.declared(exchange)
        topology.declared(QueueDeclaration("claim", isExclusive: true))
        topology.bound(.init(queue: "claim", exchange: exchange, pattern: "#"))
        #expect(!topology.isKept("claim") && topology.isKept("q"))
        topology.connectionLost()
        #expect(topology.steps.map(\.name) == ["exchange.declare e"])
    }

    @Test("bindings of a queue that another declared are not repeated")
    func foreignQueue() {
        var topology = Topology()
        topology.bound(.init(queue: "theirs", exchange: exchange, pattern: "#"))
        #expect(topology.steps.isEmpty)
    }

    @Test("a deleted queue is not declared again")
    func deleted() {
        var topology = Topology()
        topology.declared(QueueDeclaration("q"))
        topology.bound(.init(queue: "q", exchange: exchange, pattern: "#"))
        topology.deleted("q")
        #expect(topology.steps.isEmpty)
    }

    @Test(
        "what delivers again to nobody else is ours: exclusive queues, and those that vanish after their one consumer")
    func ours() {
        var topology = Topology()
        topology.declared(QueueDeclaration("claim", isExclusive: true))
        topology.declared(QueueDeclaration("inbox", hasSingleActiveConsumer: true, expires: .seconds(60)))
        topology.declared(QueueDeclaration("lasting", hasSingleActiveConsumer: true))
        topology.declared(QueueDeclaration("shared", expires: .seconds(60)))
        #expect(topology.isOurs("claim") && topology.isOurs("inbox"))
        #expect(!topology.isOurs("lasting") && !topology.isOurs("shared") && !topology.isOurs("theirs"))
    }
}
