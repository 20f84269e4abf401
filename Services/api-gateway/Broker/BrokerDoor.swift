import Actions
import Bus
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import ServiceLifecycle

/// The AMQP door: our own actions as any program on the broker sends them, key `gateway`.
///
/// Gateways compete for one queue, and each carries out several messages at once: a program that wants its actions one
/// after another waits for each answer. A message is acknowledged once it is answered, so that a gateway that ends
/// leaves it to the next.
struct BrokerDoor: Sendable {
    /// How many are carried out at once.
    private static let prefetch = 64
    /// How long a message waits in our queue, and an answer in its asker's. A sender does not wait longer than that,
    /// even where it set no expiration.
    private static let patience = Duration.seconds(60)
    private static let maxQueueBytes = 64 << 20

    let own: OwnActions
    let bus: any MessageBus
    let exchanges: Exchanges
    let eventLoop: any EventLoop
    let logger: Logger
    let metrics = ActionMetrics(door: .amqp)

    /// Serves until graceful shutdown, and then until what is in flight is answered; or until cancelled.
    func run() async {
        // Bounded by the consumer's prefetch.
        let (deliveries, intake) = AsyncStream.makeStream(of: Delivery.self)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await keepConsuming(intake) }
                await withDiscardingTaskGroup { calls in
                    for await delivery in deliveries { calls.addTask { await carryOut(delivery) } }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            intake.finish()  // what comes now goes back to the queue, for another gateway
        }
    }

    // MARK: The queue

    /// Takes from the queue, and from a new one where it was deleted, until cancelled.
    private func keepConsuming(_ intake: AsyncStream<Delivery>.Continuation) async {
        var obstacle: MessageBusError?
        while !Task.isCancelled {
            do throws(MessageBusError) {
                let (losses, lost) = AsyncStream.makeStream(of: Void.self)
                let consumer = try await open(intake) { lost.finish() }
                obstacle = nil
                for await _ in losses {}
                await consumer.cancel()
            } catch {
                if error != obstacle {
                    logger.warning(
                        "The AMQP door is closed for now.",
                        metadata: [LogKeys.queue: "\(exchanges.gatewayQueue)", LogKeys.error: "\(error)"])
                }
                obstacle = error
            }
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop ends
        }
    }

    private func open(
        _ intake: AsyncStream<Delivery>.Continuation, lost: @escaping @Sendable () -> Void
    ) async throws(MessageBusError) -> any BusConsumer {
        try await bus.declare(exchanges.actions)
        try await bus.declare(
            QueueDeclaration(
                exchanges.gatewayQueue, messageTTL: Self.patience, maxLengthBytes: Self.maxQueueBytes))
        try await bus.bind(
            exchanges.gatewayQueue, to: exchanges.actions, BindingPattern(Exchanges.gatewayKey.text))
        return try await bus.consume(
            exchanges.gatewayQueue, prefetch: Self.prefetch, on: eventLoop, cancelled: lost,
            handler: { intake.yield($0) })
    }

    // MARK: One message

    /// Carries it out within the trace that its sender names, or within a new one.
    private func carryOut(_ delivery: Delivery) async {
        let began = NIODeadline.now()
        let trace = delivery.properties.trace ?? .make()
        let answer = await TraceParent.$current.withValue(trace) { await response(to: delivery) }
        metrics.answered(with: answer, after: .now() - began)
        publish(answer, to: delivery, trace)
    }

    private func response(to delivery: Delivery) async -> ByteBuffer {
        let call = BrokerCall(delivery.message, redelivered: delivery.redelivered, exchanges: exchanges)
        switch call {
        case .refused(let refusal): return refusal
        case .own(let action, let request):
            logger.debug("An action came over AMQP.", metadata: [LogKeys.action: "\(action.name)"])
            return await carryOut(action, request)
        }
    }

    private func carryOut(_ action: OwnAction, _ request: BrokerCall.Request) async -> ByteBuffer {
        do throws(RPC.Failure) {
            switch action.caller {
            case .nobody:
                let bot = request.params?["self_id"].flatMap { $0.isNull || $0.string?.isEmpty == true ? nil : $0 }
                return try await own.perform(action, request.params, bot: bot).encoded(echo: request.echo)
            case .token:
                return await own.dispatcher.perform(
                    action, params: request.params, as: nil, clientToken: request.clientToken
                ).encoded(echo: request.echo)
            case .client: return try await carryOut(action, request, for: request.clientToken)
            }
        } catch {
            return error.response.encoded(echo: request.echo)
        }
    }

    /// In the name of the client that has that secret.
    private func carryOut(
        _ action: OwnAction, _ request: BrokerCall.Request, for clientToken: String?
    ) async throws(RPC.Failure) -> ByteBuffer {
        guard let clientToken, !clientToken.isEmpty else {
            throw RPC.Failure(
                .unauthorized,
                "\(action.name): nobody knows which client is calling. Send its secret as the header "
                    + "`\(BrokerCall.tokenHeader)`; register_client gives one.")
        }
        let response = try await own.perform(
            action, request.params, as: RegistryAPI.Identify(clientToken: clientToken))
        guard let echo = request.echo else { return response }
        // A response of ours is an object.
        return (try? JSONObject(response))?.setting("echo", to: echo) ?? response
    }

    /// Answers where an answer is wanted, and is done with the message either way.
    private func publish(_ response: ByteBuffer, to delivery: Delivery, _ trace: TraceParent) {
        guard let replyTo = delivery.properties.replyTo else { return delivery.acknowledge() }
        let correlationID = delivery.properties.correlationID
        publish(response, to: replyTo, correlationID: correlationID, trace) { outcome in
            if let reason = outcome.refusal {
                let refusal = Response.failed(.answerTooLarge, "The answer cannot be sent: \(reason).")
                publish(
                    refusal.encoded(echo: Action.echo(of: delivery.body)), to: replyTo,
                    correlationID: correlationID, trace, then: nil)
            }
            delivery.acknowledge()
        }
    }

    private func publish(
        _ response: ByteBuffer, to queue: QueueName, correlationID: String?, _ trace: TraceParent,
        then: (@Sendable (PublishOutcome) -> Void)?
    ) {
        var properties = MessageProperties("response", from: .gateway, trace: trace)
        properties.correlationID = correlationID
        properties.expiration = Self.patience
        bus.publish(
            Message(response, properties), to: .toQueue, key: RoutingKey(queue.text), mandatory: false, then: then)
    }
}
