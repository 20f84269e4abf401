import NIOCore
import NIOPosix
import Synchronization

/// A broker of a few lines: it greets, opens whatever is asked for, and answers declarations of exclusive queues as a
/// test says. It takes messages, but confirms none.
final class ScriptedBroker: Sendable {
    enum Exclusive: Sendable {
        /// A queue belongs to whoever declared it first, as the standard says.
        case toOne
        /// Everybody who asks gets the queue.
        case toAll
        /// 403.
        case toNobody
    }

    private struct State {
        var owners: [String: ObjectIdentifier] = [:]
        var declared: [String] = []
        var logins = 0
        var connections: [any Channel] = []
    }

    let product: String
    private let exclusive: Exclusive
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)

    init(product: String = "RabbitMQ", exclusive: Exclusive = .toOne) {
        self.product = product
        self.exclusive = exclusive
    }

    /// Begins to listen.
    /// - Returns: its address.
    func start() async throws -> String {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.state.withLock { $0.connections.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(of: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
        return "amqp://127.0.0.1:\(channel.localAddress?.port ?? 0)/"
    }

    /// How many connections have logged in.
    var logins: Int { state.withLock { $0.logins } }
    /// The names of the declared queues, each as often as it was declared.
    var declared: [String] { state.withLock { $0.declared } }

    /// Closes every connection, and goes on listening.
    func dropAll() {
        let connections = state.withLock { state in
            defer { state.connections = [] }
            return state.connections
        }
        for connection in connections { connection.close(promise: nil) }
    }

    func stop() async throws {
        dropAll()
        try await listener.withLock { $0 }?.close()
    }

    fileprivate func loggedIn() { state.withLock { $0.logins += 1 } }

    fileprivate func declare(_ queue: String, by connection: ObjectIdentifier) -> UInt16? {
        state.withLock { state in
            state.declared.append(queue)
            switch exclusive {
            case .toNobody: return 403
            case .toAll: return nil
            case .toOne:
                let owner = state.owners[queue] ?? connection
                state.owners[queue] = owner
                return owner == connection ? nil : 405
            }
        }
    }

    /// One connection; confined to its event loop.
    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let broker: ScriptedBroker
        private var received = ByteBuffer()
        private var hasGreeted = false

        init(of broker: ScriptedBroker) { self.broker = broker }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            received.writeBuffer(&bytes)
            if !hasGreeted {
                guard received.readSlice(length: 8) != nil else { return }
                hasGreeted = true
                send(BrokerBytes.start(product: broker.product), context)
            }
            while let (channel, method, fields) = nextMethod() { answer(channel, method, fields, context) }
            context.flush()
        }

        /// Frames other than methods are skipped.
        private func nextMethod() -> (channel: UInt16, method: UInt32, fields: ByteBuffer)? {
            while let type = received.getInteger(at: received.readerIndex, as: UInt8.self),
                let channel = received.getInteger(at: received.readerIndex + 1, as: UInt16.self),
                let size = received.getInteger(at: received.readerIndex + 3, as: UInt32.self),
                received.readableBytes >= Int(size) + 8
            {
                received.moveReaderIndex(forwardBy: 7)
                var payload = received.readSlice(length: Int(size)) ?? ByteBuffer()
                received.moveReaderIndex(forwardBy: 1)
                if type == 1, let method = payload.readInteger(as: UInt32.self) { return (channel, method, payload) }
            }
            return nil
        }

        private func answer(
            _ channel: UInt16, _ method: UInt32, _ fields: ByteBuffer, _ context: ChannelHandlerContext
        ) {
            switch method {
            case 0x000A_000B:
                broker.loggedIn()
                send(BrokerBytes.tune(), context)
            case 0x000A_0028: send(BrokerBytes.openOK, context)
            case 0x0014_000A: send(BrokerBytes.channelOpenOK(channel), context)
            case 0x0014_0028: send(BrokerBytes.method(20, 41, channel) { _ in }, context)
            case 0x0055_000A: send(BrokerBytes.method(85, 11, channel) { _ in }, context)
            case 0x0032_000A: declare(fields, channel, context)
            case 0x0032_0028: send(BrokerBytes.method(50, 41, channel) { $0.writeInteger(UInt32(0)) }, context)
            default: break
            }
        }

        private func declare(_ fields: ByteBuffer, _ channel: UInt16, _ context: ChannelHandlerContext) {
            var fields = fields
            fields.moveReaderIndex(forwardBy: 2)
            let length = Int(fields.readInteger(as: UInt8.self) ?? 0)
            let queue = fields.readString(length: length) ?? ""
            switch broker.declare(queue, by: ObjectIdentifier(context.channel)) {
            case nil: send(BrokerBytes.queueDeclareOK(channel, queue), context)
            case let code?: send(BrokerBytes.channelClose(channel, code, "no"), context)
            }
        }

        private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
            context.write(wrapOutboundOut(bytes), promise: nil)
        }
    }
}
