import Bus
import NIOCore

/// One connection to the broker: bytes → frames → the channel they are for, and back. Its decisions are made by
/// ``AMQPConnectionState``.
///
/// `@unchecked Sendable`: everything is touched on its event loop only.
final class AMQPConnection: ChannelInboundHandler, @unchecked Sendable {  // confined to its event loop, as said above
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    /// Succeeds when the connection is open, fails with why it is not.
    let opened: EventLoopFuture<Void>
    /// Called once when it ends, whoever ended it.
    var onClosed: (AMQPError) -> Void = { _ in }
    /// Called with the reason when the broker stops reading from us, with `nil` when it reads again.
    var onBlocked: (String?) -> Void = { _ in }

    private let openedPromise: EventLoopPromise<Void>
    private let decoder: AMQPDecoder
    private let encoder = AMQPEncoder()
    private var state: AMQPConnectionState
    private var context: ChannelHandlerContext?
    private var channels: [UInt16: AMQPChannel] = [:]
    private var lastChannel: UInt16 = 0
    /// What is to be written at the end of this turn.
    private var out = ByteBuffer()
    private var isFlushScheduled = false
    private var pulse: RepeatedTask?
    private(set) var hasEnded = false
    private var closing: EventLoopPromise<Void>?

    /// How often heartbeats and deadlines are checked.
    private static let pulseInterval = TimeAmount.milliseconds(500)

    init(configuration: AMQPConfiguration, address: AMQPAddress, eventLoop: any EventLoop) throws(AMQPError) {
        self.eventLoop = eventLoop
        decoder = try AMQPDecoder()
        openedPromise = eventLoop.makePromise()
        opened = openedPromise.futureResult
        state = AMQPConnectionState(
            login: configuration.login(at: address), virtualHost: address.virtualHost,
            heartbeat: configuration.heartbeat, address: "\(address)", at: .now())
        eventLoop.scheduleTask(in: TimeAmount(configuration.connectTimeout)) { [weak self] in
            guard let self, !self.state.isOpen else { return }
            self.fail(
                .cannotConnect(
                    address: "\(address)", reason: "no open connection within \(configuration.connectTimeout)"))
        }
    }

    // MARK: For the bus

    /// Why the broker reads nothing from us now; `nil` where it does.
    var blockedReason: String? {
        if case .blocked(let reason) = state.phase { reason } else { nil }
    }

    var channelCount: Int { channels.count }

    /// Opens a channel.
    func openChannel() -> EventLoopFuture<AMQPChannel> {
        guard !hasEnded, let number = freeChannel() else { return eventLoop.makeFailedFuture(AMQPError.closed) }
        let channel = AMQPChannel(number: number, connection: self)
        channels[number] = channel
        return channel.call(.channelOpen).map { channel }
    }

    func send(_ method: AMQPOutgoing, channel: UInt16) throws(AMQPError) {
        try encoder.method(method, channel: channel, into: &out)
        scheduleFlush()
    }

    func publish(
        _ message: Message, to exchange: Exchange, key: RoutingKey, publishTag: UInt64?, channel: AMQPChannel
    ) throws(AMQPError) {
        try encoder.publish(
            message, to: exchange, key: key, publishTag: publishTag, channel: channel.number, into: &out)
        scheduleFlush()
    }

    /// Says goodbye, and closes the socket when that is answered, or after two seconds.
    func close() -> EventLoopFuture<Void> {
        if let closing { return closing.futureResult }
        guard !hasEnded else { return eventLoop.makeSucceededVoidFuture() }
        let closing = eventLoop.makePromise(of: Void.self)
        self.closing = closing
        guard state.isOpen else {
            end(.closed)
            return closing.futureResult
        }
        do throws(AMQPError) {
            try send(.connectionClose, channel: 0)
            flush()
        } catch {
            end(error)
        }
        eventLoop.scheduleTask(in: .seconds(2)) { [weak self] in self?.end(.closed) }
        return closing.futureResult
    }

    /// Ends it at once. An error that closed one channel must not look like an answer to questions on other channels.
    func fail(_ error: AMQPError) {
        switch error {
        case .channelClosed: end(.connectionLost("\(error)"))
        case .cannotConnect, .refused, .untrusted, .unsuitable, .protocolViolation, .closedByBroker, .silent,
            .connectionLost,
            .closed,
            .unencodable:
            end(error)
        }
    }

    func forget(_ channel: AMQPChannel) { channels[channel.number] = nil }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { greet(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        greet(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        state.heard(at: .now())
        do throws(AMQPError) {
            try decoder.decode(unwrapInboundIn(data)) { frame throws(AMQPError) in try self.received(frame) }
        } catch {
            end(state.failed(error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !hasEnded { end(state.socketClosed()) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !hasEnded { end(state.failed(error)) }
    }

    // MARK: Frames

    private func greet(_ context: ChannelHandlerContext) {
        guard pulse == nil, !hasEnded else { return }
        state.heard(at: .now())
        pulse = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.pulseInterval, delay: Self.pulseInterval
        ) { [weak self] _ in self?.look(at: .now()) }
        context.writeAndFlush(wrapOutboundOut(AMQPEncoder.protocolHeader), promise: nil)
    }

    private func received(_ frame: AMQPFrame) throws(AMQPError) {
        guard !hasEnded else { return }
        switch frame {
        case .heartbeat: break
        case .protocolHeader(let major, let minor): try act(on: state.received(versionMajor: major, minor: minor))
        case .method(channel: 0, let method): try act(on: state.received(method))
        case .method(let number, _), .header(let number, _, _, _), .body(let number, _):
            guard let channel = channels[number] else {
                throw .protocolViolation("a frame on channel \(number), which is not open")
            }
            try channel.received(frame)
        }
    }

    private func act(on step: AMQPConnectionState.Step) throws(AMQPError) {
        switch step {
        case .none: break
        case .send(let methods): for method in methods { try send(method, channel: 0) }
        case .tuned(let tuning, let methods):
            decoder.limitFrames(to: tuning.frameMax)
            encoder.frameMax = tuning.frameMax
            for method in methods { try send(method, channel: 0) }
        case .opened: openedPromise.succeed()
        case .blocked(let reason): onBlocked(reason)
        case .unblocked: onBlocked(nil)
        case .closed(let error, let answer):
            try send(answer, channel: 0)
            flush()
            throw error
        case .failed(let error): throw error
        }
    }

    private func look(at now: NIODeadline) {
        switch state.pulse(at: now) {
        case .none: break
        case .sendHeartbeat:
            encoder.heartbeat(into: &out)
            flush()
        case .dead:
            return end(.silent("nothing was heard for two heartbeats"))
        }
        for channel in channels.values {
            if let name = channel.overdue(at: now) { return end(.silent("\(name) got no answer")) }
        }
    }

    private func freeChannel() -> UInt16? {
        let most = state.tuning.channelMax
        guard channels.count < Int(most) else { return nil }
        repeat { lastChannel = lastChannel >= most ? 1 : lastChannel + 1 } while channels[lastChannel] != nil
        return lastChannel
    }

    // MARK: Writing and ending

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute { [weak self] in self?.flush() }
    }

    private func flush() {
        isFlushScheduled = false
        guard out.readableBytes > 0, let context else { return }
        let bytes = out
        out = context.channel.allocator.buffer(capacity: 4096)
        state.said(at: .now())
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func end(_ error: AMQPError) {
        guard !hasEnded else { return }
        hasEnded = true
        state.end()
        pulse?.cancel()
        for channel in Array(channels.values) { channel.end(error) }
        channels = [:]
        context?.close(promise: nil)
        openedPromise.fail(error)
        let tell = onClosed
        onClosed = { _ in }
        onBlocked = { _ in }
        tell(error)
        closing?.succeed()
    }
}
