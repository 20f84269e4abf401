public import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The first handler in every listener's pipeline: counts accepted connections, and stops accepting for a while where
/// there is no room, or no descriptor.
///
/// Without it, a listener that cannot accept tries again in a busy loop: SwiftNIO (2.101) treats the failed read as
/// still to come, and the socket stays ready. A handler that holds `read` back (SwiftNIO's `AcceptBackoffHandler`,
/// which some listeners have) does not help; only turning `autoRead` off does.
///
/// Not `Sendable`: confined to the listener's event loop.
public final class AcceptGate: ChannelInboundHandler {
    public typealias InboundIn = any Channel
    public typealias InboundOut = any Channel

    /// How long to pause where there was no descriptor.
    static let shortagePause = TimeAmount.milliseconds(250)
    /// How long to pause where there is no room. It is short, since refused clients leave at once.
    static let fullPause = TimeAmount.milliseconds(20)

    private let limits: AcceptLimits
    private var isPaused = false

    public init(_ limits: AcceptLimits) { self.limits = limits }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        limits.arrived()
        unwrapInboundIn(data).closeFuture.whenComplete { [limits] _ in limits.left() }
        context.fireChannelRead(data)
        if limits.mustWait { pause(context, for: Self.fullPause) }
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        limits.ranOut(error)
        pause(context, for: Self.shortagePause)
    }

    private func pause(_ context: ChannelHandlerContext, for time: TimeAmount) {
        guard !isPaused else { return }
        isPaused = true
        setAutoRead(false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.resume(context) }
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        guard context.channel.isActive else { return }
        if limits.mustWait { return pause(context, for: Self.fullPause) }
        setAutoRead(true, context)
    }

    private func setAutoRead(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // It fails only where the listener is closed.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }
}
