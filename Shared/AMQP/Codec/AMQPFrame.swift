import Bus
import NIOCore

/// One frame of the broker (AMQP 0-9-1 §2.3.5), as a value that owns its bytes.
enum AMQPFrame: Sendable {
    case method(channel: UInt16, AMQPIncoming)
    /// Follows a deliver or return: the properties, and how many bytes the body has. `publishTag`: see
    /// ``AMQPEncoder/publish``.
    case header(channel: UInt16, bodyBytes: UInt64, MessageProperties, publishTag: UInt64?)
    case body(channel: UInt16, ByteBuffer)
    case heartbeat
    /// The broker speaks another version, and says which.
    case protocolHeader(major: UInt8, minor: UInt8)
}

/// What the broker says (AMQP 0-9-1 §1.3): the methods we understand, as values of our own.
enum AMQPIncoming: Sendable, Hashable {
    /// `product`: what the broker calls itself, where it does.
    case connectionStart(mechanisms: [String], product: String? = nil)
    case connectionTune(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpenOK
    case connectionClose(code: UInt16, text: String)
    case connectionCloseOK
    case connectionBlocked(reason: String)
    case connectionUnblocked
    case channelOpenOK
    case channelClose(code: UInt16, text: String)
    case channelCloseOK
    case exchangeDeclareOK
    case queueDeclareOK
    case queueBindOK
    case queueUnbindOK
    case queueDeleteOK
    case confirmSelectOK
    case basicQosOK
    case basicConsumeOK
    case basicCancel
    case basicDeliver(deliveryTag: UInt64, redelivered: Bool, exchange: String, routingKey: String)
    case basicReturn(code: UInt16, text: String)
    case basicAck(deliveryTag: UInt64, multiple: Bool)
    case basicNack(deliveryTag: UInt64, multiple: Bool)
    case other(UInt32)
}

/// What we say to the broker.
enum AMQPOutgoing: Sendable {
    case connectionStartOK(mechanism: String, response: [UInt8])
    case connectionTuneOK(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpen(virtualHost: String)
    case connectionClose
    case connectionCloseOK
    case channelOpen
    case channelClose
    case channelCloseOK
    case exchangeDeclare(Exchange)
    case queueDeclare(QueueDeclaration)
    case queueBind(QueueName, Exchange, BindingPattern)
    case queueUnbind(QueueName, Exchange, BindingPattern)
    case queueDelete(QueueName)
    case confirmSelect
    case basicQos(prefetch: UInt16)
    case basicConsume(QueueName)
    case basicAck(deliveryTag: UInt64, multiple: Bool)

    /// The broker's answer to it; `nil` where none comes.
    var answer: AMQPIncoming? {
        switch self {
        case .connectionStartOK, .connectionTuneOK, .connectionOpen, .connectionClose, .connectionCloseOK,
            .channelCloseOK, .basicAck:
            nil
        case .channelOpen: .channelOpenOK
        case .channelClose: .channelCloseOK
        case .exchangeDeclare: .exchangeDeclareOK
        case .queueDeclare: .queueDeclareOK
        case .queueBind: .queueBindOK
        case .queueUnbind: .queueUnbindOK
        case .queueDelete: .queueDeleteOK
        case .confirmSelect: .confirmSelectOK
        case .basicQos: .basicQosOK
        case .basicConsume: .basicConsumeOK
        }
    }

    /// Its name, for messages.
    var name: String {
        switch self {
        case .connectionStartOK: "connection.start-ok"
        case .connectionTuneOK: "connection.tune-ok"
        case .connectionOpen: "connection.open"
        case .connectionClose: "connection.close"
        case .connectionCloseOK: "connection.close-ok"
        case .channelOpen: "channel.open"
        case .channelClose: "channel.close"
        case .channelCloseOK: "channel.close-ok"
        case .exchangeDeclare(let exchange): "exchange.declare \(exchange.name)"
        case .queueDeclare(let queue): "queue.declare \(queue.name)"
        case .queueBind(let queue, let exchange, _): "queue.bind \(queue) to \(exchange.name)"
        case .queueUnbind(let queue, let exchange, _): "queue.unbind \(queue) from \(exchange.name)"
        case .queueDelete(let queue): "queue.delete \(queue)"
        case .confirmSelect: "confirm.select"
        case .basicQos: "basic.qos"
        case .basicConsume(let queue): "basic.consume \(queue)"
        case .basicAck: "basic.ack"
        }
    }
}
