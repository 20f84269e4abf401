import Bus
import Contracts
import NIOCore
import OneBot
import ServiceLifecycle
import Synchronization

/// Tells whoever started the process what runs, where to connect, and what is going on. It sits on the bus like any
/// other program: a queue of its own, bound to the events.
struct Console: Service {
    private let configuration: ConsoleConfiguration
    private let ports: ListeningPorts
    private let bus: any MessageBus
    private let eventLoop: any EventLoop
    private let output = ConsoleOutput()

    init(
        configuration: ConsoleConfiguration, ports: ListeningPorts, bus: any MessageBus, eventLoop: any EventLoop
    ) {
        self.configuration = configuration
        self.ports = ports
        self.bus = bus
        self.eventLoop = eventLoop
    }

    func run() async throws {
        guard let both = await cancelWhenGracefulShutdown({ await ports.both() }) else { return }
        let screen = ConsoleScreen(configuration: configuration, ports: both, isColored: output.isColored)
        output.write(screen.text)
        guard configuration.showsEvents else { return try await gracefulShutdown() }
        let queue = QueueName("\(configuration.exchanges.prefix).console.\(EdgeAddress.newInstance())")
        try await bus.declare(configuration.exchanges.events)
        try await bus.declare(QueueDeclaration(queue, isExclusive: true, maxLengthBytes: 16 << 20))
        try await bus.bind(queue, to: configuration.exchanges.events, "#")
        let lines = EventLines(output: output)
        let consumer = try await bus.consume(
            queue, prefetch: 256, on: eventLoop, cancelled: {}, handler: { lines.show($0) })
        let timer = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in lines.tick() }
        defer { timer.cancel() }
        // It throws only where the task is cancelled, and the queue is to be deleted then as well.
        try? await gracefulShutdown()
        await consumer.cancel()
        try await bus.delete(queue)
    }
}
