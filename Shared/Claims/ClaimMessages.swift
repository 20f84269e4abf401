import Bus
import Contracts
import NIOCore
import OneBot

/// The messages between those who want a claim and the one who holds it. All go straight to the claim's queue; where a
/// message is unroutable, the claim is free.
enum ClaimMessages: Sendable {
    /// A registry only finds out whether there is a queue, and asks nobody.
    case registry
    /// The holder of an entry or a target answers with its edge; this is ours.
    case entry(EdgeAddress)
    /// The holder of a bot gives it to a newer link.
    case bot(SelfID, EdgeAddress)

    private static let who = "who"

    func probe(lasting duration: Duration) -> Message {
        var properties = MessageProperties(Claim.probe, from: .edge)
        if case .registry = self { properties.appID = ServiceName.registry.rawValue }
        properties.expiration = duration
        return Message(ByteBuffer(), properties)
    }

    func finding(of outcome: PublishOutcome) -> ClaimState.Finding {
        switch (outcome, self) {
        case (.unroutable, _): .free
        case (.confirmed, _): .held
        case (.rejected(let reason), .registry): .failed(.rejected(reason))
        case (.rejected(let reason), _), (.unreachable(let reason), _): .unknown(reason)
        case (.notStored, _): .unknown("the broker could not store the question")
        case (.unknown, _): .unknown("the connection was lost")
        }
    }

    /// - Parameter epoch: that of the link that wants the bot.
    func question(epoch: UInt64) throws -> Message {
        guard case .bot(_, let edge) = self else {
            return Message(ByteBuffer(), MessageProperties(Self.who, from: .edge))
        }
        let wish = try RPC.encodeQuestion(method: BotRelease.type, params: BotRelease(epoch: epoch, edge: edge))
        return Message(wish, MessageProperties(BotRelease.type, from: .edge))
    }

    /// - Throws: where the answer makes no sense.
    func finding(in answer: Message) throws -> ClaimState.Finding {
        switch self {
        case .registry: return .held
        case .entry(let address):
            // `try?`: an answer that makes no sense counts as none. Our own address comes from our lost connection.
            let holder = try? RPC.decodeResult(EdgeAddress.self, from: answer.body)
            guard let holder, holder != address else { return .silent }
            return .kept("edge \(holder.edgeID) has it")
        case .bot:
            do {
                _ = try RPC.decodeResult(RPC.Empty.self, from: answer.body)
                return .released
            } catch let failure as RPC.Failure {
                return .kept(failure.message)
            }
        }
    }

    /// Whether the message is for the claim's holder: other messages to a bot's queue are actions.
    func concerns(_ delivery: Delivery) -> Bool {
        guard case .bot = self else { return true }
        return delivery.exchange.isEmpty && delivery.properties.type == BotRelease.type
    }

    /// What the holder answers; `nil`: nothing.
    /// - Parameters:
    ///   - duration: how long the answer is of use.
    ///   - released: decides whether the bot is given up.
    /// - Throws: where the question makes no sense.
    func answer(
        to delivery: Delivery, lasting duration: Duration, released: (BotRelease) -> Bool
    ) throws -> Message? {
        let body: ByteBuffer
        switch self {
        case .registry: return nil
        case .entry(let address):
            if delivery.properties.type != Self.who { return nil }
            body = try RPC.encodeResult(address)
        case .bot(let bot, let address):
            let kept = RPC.Failure(.conflict, "edge \(address.edgeID) holds bot \(bot) by a newer connection")
            let wish = try RPC.decodeParams(BotRelease.self, from: delivery.body)
            body = try released(wish) ? RPC.encodeResult(RPC.Empty()) : RPC.encodeFailure(kept)
        }
        var properties = MessageProperties("answer", from: .edge, trace: delivery.properties.trace)
        properties.correlationID = delivery.properties.correlationID
        properties.expiration = duration
        return Message(body, properties)
    }
}
