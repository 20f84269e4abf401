import AMQP
import SettingsReading

/// The largest message, derived once for sockets, bodies and bus: it is no use if one layer takes more than the next.
///
/// | | `max_message_size` | the bus |
/// |---|---|---|
/// | memory | what is set, else 64 MiB | the same |
/// | broker | what is set, else `amqp.max_message_size`, else 16 MiB | `amqp.max_message_size`, else the same |
struct MessageLimit: Equatable {
    /// `max_message_size`: of a WebSocket message, and of a body where `api.max_body_size` does not say otherwise.
    let bytes: Int
    let busBytes: Int

    /// Fits what bots really send: NapCat takes 50 MiB, and sends without a limit.
    private static let inMemory = 64 << 20
    /// What RabbitMQ 4 takes by default.
    private static let overBroker = 16 << 20
    private static let sizes = 64 << 10...256 << 20

    init(_ settings: Settings, over bus: BusSelection) {
        let key = "max_message_size"
        switch bus {
        case .memory:
            bytes = settings.bytes(key, following: Self.inMemory, in: Self.sizes)
            busBytes = bytes
        case .amqp:
            let set = settings.isSet(key) ? settings.bytes(key, following: Self.overBroker, in: Self.sizes) : nil
            let brokers = settings.bytes(
                "amqp.max_message_size", following: set ?? Self.overBroker, in: AMQPConfiguration.messageSizes)
            bytes = set ?? settings.bytes(key, following: min(brokers, Self.sizes.upperBound), in: Self.sizes)
            busBytes = brokers
            if bytes > busBytes {
                settings.report(
                    key, value: "\(bytes)",
                    remedy:
                        "The broker is sent at most amqp.max_message_size (\(busBytes)). Raise that, and max_message_size in "
                        + "RabbitMQ's own configuration, or lower this.")
            }
        }
    }
}
