import Bus
import Logging
import NIOCore

/// Connecting: one attempt at a time, one address after another, for ever.
extension AMQPBus {
    func connect() {
        guard case .connecting = phase else { return }
        let address = configuration.addresses[attempts % configuration.addresses.count]
        attempts += 1
        let transport: AMQPTransport
        do {
            transport = try AMQPTransport(configuration)
        } catch {
            failed(
                AMQPError.cannotConnect(address: "\(address)", reason: "a file of amqp.tls_* cannot be used: \(error)"))
            return
        }
        AMQPSession.open(address, by: transport, on: eventLoop).flatMap { session in
            self.restore(on: session).map { session }.flatMapErrorThrowing { error in
                session.fail(.closed)
                throw error
            }
        }.whenComplete { result in
            switch result {
            case .success(let session):
                if case .connecting = self.phase { self.came(up: session) } else { session.fail(.closed) }
            case .failure(let error): self.failed(error)
            }
        }
    }

    /// Exchanges, queues and bindings first, then the consumers: before anything is published again.
    private func restore(on session: AMQPSession) -> EventLoopFuture<Void> {
        let declared = EventLoopFuture.andAllSucceed(topology.steps.map { session.ask($0) }, on: eventLoop)
        return declared.flatMap {
            EventLoopFuture.andAllSucceed(
                self.consumers.values.map { consumer in
                    consumer.subscribe(on: session.consuming).flatMapErrorThrowing { error in
                        // Its queue was not declared here, and is gone: its owner hears so.
                        guard case AMQPError.channelClosed = error else { throw error }
                        self.consumers[ObjectIdentifier(consumer)] = nil
                        consumer.tellCancelled()
                    }
                }, on: self.eventLoop)
        }
    }

    private func failed(_ error: any Error) {
        guard case .connecting = phase else { return }
        let delay = backoff.next()
        // Once a round over all addresses is enough to read.
        logger.log(
            level: attempts <= 1 || attempts % 10 == 0 ? .warning : .debug,
            "The broker cannot be reached; trying again.",
            metadata: ["reason": "\(error)", "attempts": "\(attempts)"])
        isDown("\(error)")
        eventLoop.scheduleTask(in: TimeAmount(delay)) { self.connect() }
    }
}
