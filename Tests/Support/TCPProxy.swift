import Foundation
import NIOCore
import NIOPosix

/// Forwards bytes between a process and what it connects to, and can be cut like a cable.
public final class TCPProxy: Sendable {
    /// Where it listens on 127.0.0.1.
    public let port: Int
    private let listener: any Channel
    private let pairs: NIOLoopBound<ProxyPairs>

    private init(listener: any Channel, pairs: NIOLoopBound<ProxyPairs>) {
        self.listener = listener
        self.pairs = pairs
        port = listener.localAddress?.port ?? 0
    }

    /// Listens, on one event loop for all its connections.
    /// - Parameter target: the port on 127.0.0.1 it forwards to.
    public static func start(to target: Int, port: Int = 0) async throws -> TCPProxy {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let pairs = try await eventLoop.submit {
            NIOLoopBound(ProxyPairs(target: target), eventLoop: eventLoop)
        }.get()
        let listener = try await ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try pairs.value.accepted(channel) }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return TCPProxy(listener: listener, pairs: pairs)
    }

    /// Acts like a pulled cable: no byte and no end of a connection gets through in either direction; sockets stay
    /// open. New connections hang.
    public func cut() async throws { try await act { $0.setCut(true) } }

    /// Lets through what was held back, in order.
    public func heal() async throws { try await act { $0.setCut(false) } }

    /// Ends every connection with a TCP reset; new ones are served.
    public func reset() async throws { try await act { $0.reset() } }

    /// How many connections there are now.
    public var connectionCount: Int {
        get async throws { try await act { $0.count } }
    }

    /// Stops listening and ends every connection.
    public func close() async throws {
        try await listener.close()
        try await reset()
    }

    private func act<Result: Sendable>(_ work: @escaping @Sendable (ProxyPairs) -> Result) async throws -> Result {
        let pairs = pairs
        return try await listener.eventLoop.submit { work(pairs.value) }.get()
    }
}

/// Runs `body` with a proxy that is closed afterwards, whatever happens.
public func withTCPProxy<Result>(
    to target: Int, isolation: isolated (any Actor)? = #isolation, _ body: (TCPProxy) async throws -> Result
) async throws -> Result {
    let proxy = try await TCPProxy.start(to: target)
    let result: Result
    do {
        result = try await body(proxy)
    } catch {
        // `try?`: the body's error says more than an error of closing.
        try? await proxy.close()
        throw error
    }
    try await proxy.close()
    return result
}

/// The connections of one proxy. Confined to its event loop.
private final class ProxyPairs {
    private let target: Int
    private var isCut = false
    /// Accepted while cut, and not yet connected onwards.
    private var hanging: [any Channel] = []
    private var ends: [ObjectIdentifier: ProxyEnd] = [:]

    init(target: Int) { self.target = target }

    /// A connection lasts until both its ends have closed.
    var count: Int { hanging.count + (ends.count + 1) / 2 }

    func accepted(_ channel: any Channel) throws {
        if isCut { hanging.append(channel) } else { try connect(channel) }
    }

    func setCut(_ isCut: Bool) {
        self.isCut = isCut
        for end in ends.values { end.setCut(isCut) }
        guard !isCut else { return }
        // Ends that closed while cut have now closed their other end.
        ends = ends.filter { $0.value.channel.isActive }
        let waiting = hanging
        hanging = []
        for channel in waiting {
            do { try connect(channel) } catch { channel.close(promise: nil) }
        }
    }

    func reset() {
        for channel in hanging + ends.values.map(\.channel) {
            // It fails only on a socket that is closed already.
            _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            channel.close(promise: nil)
        }
        hanging = []
        for end in ends.values { end.other = nil }
        ends = [:]
    }

    private func connect(_ inner: any Channel) throws {
        let near = ProxyEnd(inner)
        let nearBound = NIOLoopBound(near, eventLoop: inner.eventLoop)
        let bound = NIOLoopBound(self, eventLoop: inner.eventLoop)
        try inner.pipeline.syncOperations.addHandler(near)
        ClientBootstrap(group: inner.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { outer in
                outer.eventLoop.makeCompletedFuture {
                    let far = ProxyEnd(outer)
                    bound.value.join(nearBound.value, far)
                    try outer.pipeline.syncOperations.addHandler(far)
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .whenComplete { result in
                switch result {
                case .success: bound.value.begin(nearBound.value)
                case .failure: nearBound.value.channel.close(promise: nil)
                }
            }
    }

    private func join(_ near: ProxyEnd, _ far: ProxyEnd) {
        near.other = far
        far.other = near
    }

    private func begin(_ near: ProxyEnd) {
        for end in [near, near.other].compactMap({ $0 }) {
            let id = ObjectIdentifier(end)
            let bound = NIOLoopBound(self, eventLoop: end.channel.eventLoop)
            ends[id] = end
            end.channel.closeFuture.whenComplete { _ in
                // While cut, its other end does not learn of it.
                if !bound.value.isCut { bound.value.ends[id] = nil }
            }
            end.setCut(isCut)
        }
    }
}

/// One socket of a pair: what it reads is written to the other. Reads only what the other can take, and nothing while
/// cut.
private final class ProxyEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let channel: any Channel
    /// `nil` once this end has closed: the cycle ends with it.
    var other: ProxyEnd?
    private var isCut = true
    private var hasEnded = false
    /// Bytes that were read but not passed on yet: at most those of one read, since it reads no more while there are
    /// any.
    private var held: [ByteBuffer] = []

    init(_ channel: any Channel) { self.channel = channel }

    func setCut(_ isCut: Bool) {
        self.isCut = isCut
        if !isCut { forward() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { held.append(unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) { forward() }

    func channelWritabilityChanged(context: ChannelHandlerContext) { if channel.isWritable { other?.forward() } }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        forward()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func forward() {
        guard !isCut, let other else { return }
        for bytes in held { other.channel.write(bytes, promise: nil) }
        held = []
        other.channel.flush()
        if hasEnded {
            self.other = nil
            // The close comes after everything that was written before.
            let peer = other.channel
            peer.writeAndFlush(ByteBuffer()).whenComplete { _ in peer.close(promise: nil) }
        } else if other.channel.isWritable {
            channel.read()
        }
    }
}
