import Bus
import NIOCore

/// The two connections of a bus while both are up: one publishes, one consumes, so that deliveries go on while the
/// broker holds back the publisher. Both end together: exclusive queues end with the consuming one, and their owner
/// must not go on publishing.
///
/// `@unchecked Sendable`: everything is touched on the bus's event loop only.
final class AMQPSession: @unchecked Sendable {  // confined to the bus's event loop, as said above
    let address: AMQPAddress
    let publishing: AMQPConnection
    let consuming: AMQPConnection
    let publisher: AMQPChannel
    /// The channel that declares and binds. A refusal closes it, and the next question opens another.
    private var control: AMQPChannel?
    private var lastQuestion: EventLoopFuture<Void>

    private init(
        _ address: AMQPAddress, publishing: AMQPConnection, consuming: AMQPConnection, publisher: AMQPChannel
    ) {
        self.address = address
        self.publishing = publishing
        self.consuming = consuming
        self.publisher = publisher
        lastQuestion = consuming.eventLoop.makeSucceededVoidFuture()
    }

    /// Opens both connections and the publishing channel, with confirms.
    static func open(
        _ address: AMQPAddress, by transport: AMQPTransport, on eventLoop: any EventLoop
    ) -> EventLoopFuture<AMQPSession> {
        transport.open(address, on: eventLoop).flatMap { publishing in
            transport.open(address, on: eventLoop).flatMap { consuming in
                publishing.openChannel().flatMap { publisher in
                    publisher.call(.confirmSelect).map {
                        AMQPSession(address, publishing: publishing, consuming: consuming, publisher: publisher)
                    }
                }.flatMapErrorThrowing { error in
                    consuming.fail(.closed)
                    throw error
                }
            }.flatMapErrorThrowing { error in
                publishing.fail(.closed)
                throw error
            }
        }
    }

    /// Whether nothing of it has ended.
    var isOpen: Bool { publisher.isOpen && !publishing.hasEnded && !consuming.hasEnded }

    /// Asks the broker on the control channel, one question after another.
    func ask(_ method: AMQPOutgoing) -> EventLoopFuture<Void> {
        let answer = lastQuestion.flatMap { self.openControl() }.flatMap { $0.call(method) }
        lastQuestion = answer.flatMapErrorWithEventLoop { _, eventLoop in eventLoop.makeSucceededVoidFuture() }
        return answer
    }

    func close() -> EventLoopFuture<Void> {
        publishing.close().and(consuming.close()).map { _ in }
    }

    func fail(_ error: AMQPError) {
        publishing.fail(error)
        consuming.fail(error)
    }

    private func openControl() -> EventLoopFuture<AMQPChannel> {
        if let control, control.isOpen { return consuming.eventLoop.makeSucceededFuture(control) }
        return consuming.openChannel().map { channel in
            self.control = channel
            return channel
        }
    }
}
