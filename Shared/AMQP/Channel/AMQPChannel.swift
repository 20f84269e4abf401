import Bus
import NIOCore

/// One channel of a connection (AMQP 0-9-1 §2.2.5): matches answers to questions, which come in order, and puts
/// messages together.
///
/// `@unchecked Sendable`: everything is touched on the connection's event loop only.
final class AMQPChannel: @unchecked Sendable {  // confined to its event loop, as said above
    let number: UInt16
    /// `nil` once it has ended.
    private weak var connection: AMQPConnection?
    private let eventLoop: any EventLoop
    private var calls = CircularBuffer<Call>()
    private var content = ContentAssembly()
    private(set) var isOpen = true
    private var isClosing = false

    var onMessage: (ContentAssembly.Content) -> Void = { _ in }
    var onConfirm: (_ tag: UInt64, _ multiple: Bool, _ accepted: Bool) -> Void = { _, _, _ in }
    /// The broker ended the consumer: its queue is gone.
    var onCancelled: () -> Void = {}
    /// Called once, unless we closed it.
    var onClosed: (AMQPError) -> Void = { _ in }

    private struct Call {
        let method: AMQPOutgoing
        let promise: EventLoopPromise<Void>
        let deadline: NIODeadline
    }

    /// A broker that takes longer to answer a question is taken for lost.
    static let callTimeout = TimeAmount.seconds(10)

    init(number: UInt16, connection: AMQPConnection) {
        self.number = number
        self.connection = connection
        eventLoop = connection.eventLoop
    }

    /// Asks, and waits for the answer.
    func call(_ method: AMQPOutgoing) -> EventLoopFuture<Void> {
        guard isOpen, let connection else { return eventLoop.makeFailedFuture(AMQPError.closed) }
        let promise = eventLoop.makePromise(of: Void.self)
        do throws(AMQPError) {
            try connection.send(method, channel: number)
            calls.append(Call(method: method, promise: promise, deadline: .now() + Self.callTimeout))
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    func send(_ method: AMQPOutgoing) {
        guard isOpen, let connection else { return }
        do throws(AMQPError) {
            try connection.send(method, channel: number)
        } catch {
            connection.fail(error)
        }
    }

    /// Closes it; what it had not acknowledged returns to its queue. Fails where the connection ends first.
    func close() -> EventLoopFuture<Void> {
        guard isOpen, !isClosing else { return eventLoop.makeSucceededVoidFuture() }
        isClosing = true
        onMessage = { _ in }
        onCancelled = {}
        onClosed = { _ in }
        return call(.channelClose)
    }

    /// The question that has waited too long; `nil`: none.
    func overdue(at now: NIODeadline) -> String? {
        calls.first.flatMap { $0.deadline <= now ? $0.method.name : nil }
    }

    // MARK: From the connection

    func received(_ method: AMQPIncoming) throws(AMQPError) {
        switch method {
        case .basicDeliver(let tag, let redelivered, let exchange, let key):
            try content.begin(
                .delivery(tag: tag, redelivered: redelivered, exchange: exchange, key: RoutingKey(key)))
        case .basicReturn: try content.begin(.returned)
        case .basicAck(let tag, let multiple): onConfirm(tag, multiple, true)
        case .basicNack(let tag, let multiple): onConfirm(tag, multiple, false)
        case .basicCancel: onCancelled()
        case .channelClose(let code, let text):
            try connection?.send(.channelCloseOK, channel: number)
            let error = AMQPError.channelClosed(code: code, text: text)
            if isClosing { refused(error) } else { end(error) }
        case .connectionStart, .connectionTune, .connectionOpenOK, .connectionClose, .connectionCloseOK,
            .connectionBlocked, .connectionUnblocked, .channelOpenOK, .channelCloseOK, .exchangeDeclareOK,
            .queueDeclareOK, .queueBindOK, .queueUnbindOK, .queueDeleteOK, .confirmSelectOK, .basicQosOK,
            .basicConsumeOK, .other:
            try answered(method)
        }
    }

    func received(_ frame: AMQPFrame) throws(AMQPError) {
        let whole: ContentAssembly.Content?
        switch frame {
        case .header(_, let bodyBytes, let properties, let publishTag):
            whole = try content.header(properties, bodyBytes: bodyBytes, publishTag: publishTag)
        case .body(_, let part): whole = try content.body(part)
        case .method(_, let method): return try received(method)
        case .heartbeat, .protocolHeader: whole = nil
        }
        if let whole { onMessage(whole) }
    }

    /// The connection is gone, or the broker closed the channel.
    func end(_ error: AMQPError) {
        guard isOpen else { return }
        isOpen = false
        connection?.forget(self)
        connection = nil
        let calls = calls
        self.calls = CircularBuffer()
        for call in calls { call.promise.fail(error) }
        let tell = onClosed
        onMessage = { _ in }
        onClosed = { _ in }
        tell(error)
    }

    /// Our close crossed the broker's. The broker still answers our close, but nothing that we asked before it.
    private func refused(_ error: AMQPError) {
        while let call = calls.first {
            if case .channelClose = call.method { return }
            calls.removeFirst()
            call.promise.fail(error)
        }
    }

    private func answered(_ method: AMQPIncoming) throws(AMQPError) {
        guard let call = calls.first, call.method.answer == method else {
            throw .protocolViolation("\(method) on channel \(number), which nobody asked for")
        }
        calls.removeFirst()
        call.promise.succeed()
        if method == .channelCloseOK { end(.closed) }
    }
}
