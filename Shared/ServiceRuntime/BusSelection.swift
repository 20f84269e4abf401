import AMQP
import Bus
import Logging
import NIOCore
import SettingsReading

/// Which bus carries the messages: the only place that names them.
enum BusSelection: String, Sendable, CaseIterable {
    /// In this process; its services are the whole deployment.
    case memory
    /// Through RabbitMQ.
    case amqp

    static func bus(
        _ settings: Settings, reach: BusReach, on eventLoop: any EventLoop, logger: Logger
    ) -> any MessageBus {
        let configuration = AMQPConfiguration(settings)
        switch settings.choice("bus", default: reach.defaultBus) {
        case .memory:
            if reach == .shared {
                settings.report(
                    "bus", value: "memory",
                    remedy: "A service in a process of its own reaches nobody over memory. Set bus: amqp and amqp.url, "
                        + "or run perpetua, which holds all services.")
            }
            return InMemoryBroker().connect()
        case .amqp: return AMQPBus(configuration: configuration, eventLoop: eventLoop, logger: logger)
        }
    }
}
