import Bus
import Logging
import NIOCore
import Observability

/// Connecting: one attempt at a time, one address after another, for ever.
extension AMQPBus {
    func connect() {
        guard case .connecting = phase else { return }
        let address = configuration.addresses[attempts % configuration.addresses.count]
        attempts += 1
        AMQPTransport.make(configuration, on: eventLoop).flatMapErrorThrowing { error in
            let files = "amqp.tls_ca_file, amqp.tls_certificate_file or amqp.tls_key_file"
            throw AMQPError.untrusted(
                address: "\(address)", reason: "a file that \(files) names cannot be used (\(error))")
        }.flatMap { transport in
            AMQPSession.open(address, by: transport, on: self.eventLoop)
        }.flatMap { session in
            self.prove(session).flatMap { self.restore(on: session) }.flatMapThrowing { () -> AMQPSession in
                // One of the two connections may have ended meanwhile, before anybody listened.
                guard session.isOpen else { throw AMQPError.connectionLost("it ended while being set up") }
                return session
            }.flatMapErrorThrowing { error in
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

    /// Probes the broker, once in the life of a bus.
    private func prove(_ session: AMQPSession) -> EventLoopFuture<Void> {
        guard !isProven else { return eventLoop.makeSucceededVoidFuture() }
        return ExclusivityProbe.run(on: session, prefix: configuration.prefix).map { self.isProven = true }
    }

    /// Restores exchanges, queues and bindings, then the consumers, before anything is published again.
    private func restore(on session: AMQPSession) -> EventLoopFuture<Void> {
        let declared = EventLoopFuture.andAllSucceed(topology.steps.map { session.ask($0) }, on: eventLoop)
        return declared.flatMap {
            EventLoopFuture.andAllSucceed(
                self.consumers.values.map { consumer in
                    consumer.subscribe(on: session.consuming, isHeld: true).flatMapErrorThrowing { error in
                        // The queue was not declared here, and is gone. Its owner is told.
                        guard case AMQPError.channelClosed = error else { throw error }
                        self.consumers[ObjectIdentifier(consumer)] = nil
                        consumer.tellCancelled()
                    }
                }, on: self.eventLoop)
        }
    }

    private func failed(_ error: any Error) {
        guard case .connecting = phase else { return }
        failures += 1
        let isNews = status != .disconnected("\(error)")
        logger.log(
            level: isNews || failures % 10 == 0 ? .warning : .debug,
            "The broker cannot be reached; trying again.",
            metadata: [LogKeys.reason: "\(error)", LogKeys.count: "\(failures)"])
        isDown("\(error)")
        connectLater()
    }

    func connectLater() {
        eventLoop.scheduleTask(in: TimeAmount(backoff.next())) { self.connect() }
    }
}
