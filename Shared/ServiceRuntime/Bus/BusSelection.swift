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

    /// - Returns: the bus, and the largest message it takes.
    static func bus(
        _ settings: Settings, reach: BusReach, on eventLoop: any EventLoop, logger: Logger
    ) -> (bus: any MessageBus, limit: MessageLimit) {
        var configuration = AMQPConfiguration(settings)
        let selection = settings.choice("bus", default: reach.defaultBus)
        let limit = MessageLimit(settings, over: selection)
        configuration.maxMessageBytes = limit.busBytes
        switch selection {
        case .memory:
            if reach == .shared {
                settings.report(
                    "bus", value: "memory",
                    remedy: "A service in a process of its own reaches nobody over memory. Set bus: amqp and amqp.url, "
                        + "or run perpetua, which holds all services.")
            }
            return (InMemoryBroker(maxMessageBytes: limit.busBytes).connect(), limit)
        case .amqp: return (AMQPBus(configuration: configuration, eventLoop: eventLoop, logger: logger), limit)
        }
    }
}

/// Which services a process's bus connects.
public enum BusReach: Sendable {
    /// Its own: the process is a whole deployment, unless `bus` says otherwise.
    case process
    /// Those of other processes: a bus in one process's memory is of no use.
    case shared

    /// The default of the setting `bus`.
    var defaultBus: BusSelection {
        switch self {
        case .process: .memory
        case .shared: .amqp
        }
    }
}
