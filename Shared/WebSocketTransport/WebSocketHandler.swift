import NIOCore
import NIOSSL

/// The handler of a WebSocket: feeds ``WebSocketState`` with the socket's bytes, carries out what it asks for, and
/// keeps the timers. It makes frames itself, so that bytes encoded once for many clients pass untouched.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Up to this size, header and payload are copied into one buffer, which is cheaper than two writes.
    private static let joinedBytes = 8 << 10

    private let connection: WebSocketConnection
    private let side: WebSocketState.Side
    private let options: WebSocketOptions
    private var inbound: InboundRoom?
    private var state: WebSocketState
    private var keepalive: Keepalive?
    /// `nil` before the handler is in a pipeline and after the socket's end.
    private var context: ChannelHandlerContext?
    /// Set for as long as the context is.
    private var output: SocketOutput?
    /// Bytes of the peer that wait for the rest of a header, or for reading to be resumed.
    private var input = ByteBuffer()
    private var isPaused = false
    private var isDraining = false
    private var needsFlush = false
    /// The latest ping not yet answered, kept while the peer reads too slowly (RFC 6455 §5.5.3 asks for the latest
    /// only).
    private var owedPong: ByteBuffer?
    /// Bytes of the unfinished message that count against ``WebSocketOptions/inbound``.
    private var counted = 0
    private var pace: ArrivalPace?
    private var arrivalTimer: Scheduled<Void>?
    /// What ended the socket, where no close frame did.
    private var cause = WebSocketEnding(code: nil, reason: "connection lost", isOurs: false)
    /// Whether the kernel has our close frame, and so all before it.
    private var isCloseWritten = false
    /// Whether the socket is to be closed as soon as that is so.
    private var isCloseDue = false
    private var closeTimer: Scheduled<Void>?
    private var pingTimer: Scheduled<Void>?

    init(connection: WebSocketConnection, side: WebSocketState.Side, options: WebSocketOptions) {
        self.connection = connection
        self.side = side
        self.options = options
        inbound = options.inbound
        self.state = WebSocketState(
            side: side, maxMessageBytes: options.maxMessageBytes, tolerance: options.tolerance,
            keptMember: options.keptMember)
    }

    // MARK: What the connection asks for

    var isWritable: Bool { state.isOpen && output?.isWritable ?? false }

    var bufferedBytes: Int { output?.bufferedBytes ?? 0 }

    func send(text: ByteBuffer) {
        guard state.isOpen, let context else { return }
        switch side {
        case .client:
            write(.text, text)
        case .server where text.readableBytes <= Self.joinedBytes:
            write(.text, text)
        case .server:
            let header = FrameHeader(opcode: .text, payloadLength: text.readableBytes)
            var bytes = context.channel.allocator.buffer(capacity: header.encodedBytes)
            header.write(to: &bytes)
            output?.write(bytes)
            output?.write(text)
        }
    }

    func send(encoded: ByteBuffer) {
        guard state.isOpen else { return }
        switch side {
        case .server: output?.write(encoded)
        // A client's frames are masked, each with a key of its own (RFC 6455 §5.3).
        case .client: for text in WebSocketConnection.texts(inEncoded: encoded) { write(.text, text) }
        }
    }

    func flush() { output?.flush() }

    func flush(in batch: SendBatch) { output?.flush(in: batch) }

    func sendPing(_ payload: ByteBuffer) {
        if state.isOpen { write(.ping, payload) }
    }

    func pauseReading() {
        guard state.isOpen, !isPaused else { return }
        isPaused = true
        setAutoRead(false)
    }

    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        // The peer had no chance to send meanwhile.
        if let now = context?.eventLoop.now { pace?.paused(at: now) }
        setAutoRead(true)
        guard input.readableBytes > 0, !isDraining else { return }
        // Later, since the caller does not expect `received(text:)` during this call.
        connection.eventLoop.assumeIsolated().execute {
            self.drain()
            self.flushIfNeeded()
        }
    }

    var arrivedBytes: Int { state.arrivedBytes }

    func tolerate(_ more: WebSocketOptions.Tolerance, in room: InboundRoom?) {
        state.tolerate(more)
        giveRoom()
        inbound = room
    }

    func startPinging(every interval: Duration, silence: WebSocketOptions.Silence) {
        guard keepalive == nil, let context else { return }
        keepalive = Keepalive(interval: interval, silence: silence, now: context.eventLoop.now)
        tickKeepalive()
    }

    func close(_ reason: CloseReason) {
        guard state.close(reason) else { return }
        sendClose(reason)
    }

    func abort(because reason: String) {
        guard let context else { return }
        cause = WebSocketEnding(code: nil, reason: reason, isOurs: true)
        dropSocket(context)
    }

    // MARK: What the pipeline tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.handler = self
        output = SocketOutput(context, isPlain: Self.tls(below: context) == nil)
        if let interval = options.pingInterval { startPinging(every: interval, silence: .endsConnection) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { finished() }

    func channelInactive(context: ChannelHandlerContext) {
        finished()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        keepalive?.heard()
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        drain()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushIfNeeded()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if state.isOpen {
            payPong()
            flushIfNeeded()
            connection.delegate?.writabilityChanged(isWritable: context.channel.isWritable)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whatever the error is, the socket or the TLS session cannot be used any more.
        if !cause.isOurs { cause.reason = "connection lost: \(error)" }
        context.close(promise: nil)
    }

    // MARK: Receiving

    /// Gives the state machine the bytes that came, until it needs more or reading is paused.
    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        while !isPaused, context != nil {
            let received = state.receive(&input)
            if case .needsMoreBytes = received { break }
            carryOut(received)
        }
        countArriving()
        // The channel's own buffer must not be kept alive for some bytes of a header.
        if input.readableBytes == 0 { input = ByteBuffer() } else if !isPaused { input = ByteBuffer(buffer: input) }
    }

    private func carryOut(_ received: WebSocketState.Received) {
        switch received {
        case .needsMoreBytes, .nothing:
            break
        case .message(let text):
            if counted > 0 { giveRoom() }
            connection.delegate?.received(text: text)
        case .discarded(let message):
            if counted > 0 { giveRoom() }
            connection.delegate?.discarded(message)
        case .ping(let payload):
            owedPong = payload
            payPong()
        case .pong(let payload):
            connection.delegate?.ponged(payload)
        case .fail(let reason):
            sendClose(reason)
        case .answerClose(let reason):
            writeClose(reason)
            closeSocketAfterFrame()
        case .finish:
            closeSocketAfterFrame()
        }
    }

    private func payPong() {
        guard let payload = owedPong, context?.channel.isWritable == true else { return }
        owedPong = nil
        write(.pong, payload)
        needsFlush = true
    }

    private func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        flush()
    }

    // MARK: Closing

    /// Sends our close frame, after everything written before it; then the peer has `closeTimeout` to answer.
    private func sendClose(_ reason: CloseReason) {
        writeClose(reason)
        // To see the peer's close frame we must read; messages before it are discarded.
        resumeReading()
    }

    /// Writes a close frame. A peer that takes too long to read or to answer it loses the socket.
    private func writeClose(_ reason: CloseReason?) {
        guard let context else { return }
        var payload = ByteBuffer()
        if let reason {
            payload.writeInteger(reason.code)
            payload.writeString(reason.text)
        }
        pingTimer?.cancel()
        closeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.closeTimeout)) {
            if let context = self.context { self.dropSocket(context) }
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            self.isCloseWritten = true
            if self.isCloseDue { self.context?.close(promise: nil) }
        }
        let frame = FrameHeader.frame(.close, payload, maskingKey: side.newMaskingKey())
        output?.write(frame, promise: written)
        output?.flush()
    }

    /// Both close frames were exchanged: closes the socket as soon as ours is out.
    private func closeSocketAfterFrame() {
        isCloseDue = true
        if isCloseWritten { context?.close(promise: nil) }
    }

    /// Closes the socket without TLS's closing handshake, in which a dead peer would let us wait.
    private func dropSocket(_ context: ChannelHandlerContext) {
        if options.resetsWhenGivenUp { SocketSettings.resetWhenClosed(context.channel) }
        (Self.tls(below: context) ?? context).close(promise: nil)
    }

    /// The context of TLS; `nil` where the socket is plain (`try?`: then there is no such handler).
    private static func tls(below context: ChannelHandlerContext) -> ChannelHandlerContext? {
        try? context.pipeline.syncOperations.context(handlerType: NIOSSLHandler.self)
    }

    /// The socket is closed, however that came about.
    private func finished() {
        guard context != nil else { return }
        context = nil
        output?.end()
        output = nil
        closeTimer?.cancel()
        pingTimer?.cancel()
        arrivalTimer?.cancel()
        giveRoom()
        input = ByteBuffer()
        owedPong = nil
        let ending = state.socketClosed(cause: cause)
        let delegate = connection.delegate
        connection.handler = nil
        connection.delegate = nil
        delegate?.closed(ending)
    }

    // MARK: Room for what is arriving

    /// An unfinished message counts as it grows; one for which there is no room is received and discarded.
    @inline(__always)
    private func countArriving() {
        let bytes = state.keptBytes
        if bytes != counted, bytes > InboundRoom.freeBytes || counted > 0 { count(bytes) }
    }

    private func count(_ bytes: Int) {
        guard let inbound, let context else { return }
        guard bytes > counted else { return giveRoom() }
        guard inbound.take(bytes - counted, counted) else { return discardArriving(.noRoom) }
        counted = bytes
        if pace == nil {
            let pace = ArrivalPace(at: context.eventLoop.now)
            self.pace = pace
            if arrivalTimer == nil { lookAtPace(at: pace.deadline(after: 0), context) }
        }
    }

    private func giveRoom() {
        if counted > 0 { inbound?.give(counted) }
        counted = 0
        pace = nil
    }

    private func discardArriving(_ reason: DiscardedMessage.Reason) {
        state.discard(reason)
        giveRoom()
    }

    /// There is one timer, whichever message it was set for.
    private func lookAtPace(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
        arrivalTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.arrivalTimer = nil
            guard let context = self.context, let pace = self.pace else { return }
            let now = context.eventLoop.now
            if self.isPaused { self.pace?.paused(at: now) }
            let deadline = (self.pace ?? pace).deadline(after: self.counted)
            if deadline <= now { self.discardArriving(.tooSlow) } else { self.lookAtPace(at: deadline, context) }
        }
    }

    // MARK: Small things

    private func write(_ opcode: FrameHeader.Opcode, _ payload: ByteBuffer) {
        output?.write(FrameHeader.frame(opcode, payload, maskingKey: side.newMaskingKey()))
    }

    private func setAutoRead(_ isOn: Bool) {
        // `try?`: it fails only on a closed channel, which reads no more anyway.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    private func tickKeepalive() {
        guard state.isOpen, let context,
            let action = keepalive?.tick(now: context.eventLoop.now, isListening: !isPaused)
        else { return }
        switch action {
        case .giveUp:
            abort(because: "the peer answers no pings")
        case .wait(let wakeAt):
            wake(at: wakeAt, context)
        case .ping(let wakeAt):
            // For a peer that reads too slowly, and whose silence is tolerated, pings would only pile up.
            if isWritable || keepalive?.isJudge == true {
                write(.ping, ByteBuffer())
                flush()
            }
            wake(at: wakeAt, context)
        }
    }

    private func wake(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
        pingTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.tickKeepalive() }
    }
}

extension WebSocketState.Side {
    /// A client masks every frame with a fresh key (RFC 6455 §5.3), a server none.
    fileprivate func newMaskingKey() -> MaskingKey? {
        switch self {
        case .server: nil
        case .client: .random()
        }
    }
}
