import Bus
import Contracts
import Foundation
import NIOCore
import OneBot

/// What may be asked of the registry.
enum RegistryQuestion: Sendable {
    case register(RegistryAPI.Register)
    case setName(RegistryAPI.SetName)
    case snapshot
    case position
    case leasePort(RegistryAPI.LeasePort)
    case identify(RegistryAPI.Identify)
    case registerClient(RegistryAPI.RegisterClient)
    case renewClient(RegistryAPI.RenewClient)
}

/// Questions as they come over the bus, and how they are answered.
struct RegistryMethods: Sendable {
    let bus: any MessageBus

    /// How long an answer may wait in the asker's queue.
    private static let answerExpiration = Duration.seconds(10)

    /// - Throws: 1400 for what is no question, 1404 for one the registry does not know.
    static func question(in body: ByteBuffer) throws(RPC.Failure) -> RegistryQuestion {
        if body == RegistryAPI.positionQuestion { return .position }
        guard let name = RPC.method(of: body) else {
            throw RPC.Failure(.badRequest, "A question is a JSON object with method and params.")
        }
        guard let method = RegistryAPI.Method(rawValue: name) else {
            throw RPC.Failure(.notFound, "The registry has no method \(name.prefix(64)).")
        }
        do {
            switch method {
            case .register: return .register(try RPC.decodeParams(RegistryAPI.Register.self, from: body))
            case .setClientName: return .setName(try RPC.decodeParams(RegistryAPI.SetName.self, from: body))
            case .snapshot: return .snapshot
            case .position: return .position
            case .leasePort: return .leasePort(try RPC.decodeParams(RegistryAPI.LeasePort.self, from: body))
            case .identify: return .identify(try RPC.decodeParams(RegistryAPI.Identify.self, from: body))
            case .registerClient:
                return .registerClient(try RPC.decodeParams(RegistryAPI.RegisterClient.self, from: body))
            case .renewClient: return .renewClient(try RPC.decodeParams(RegistryAPI.RenewClient.self, from: body))
            }
        } catch {
            throw RPC.Failure(.badRequest, "The parameters of \(name) are not what it takes.")
        }
    }

    /// Publishes the answer to the queue that the question names; a question that names none gets no answer.
    func answer(_ question: Delivery, _ result: Result<some Codable & Sendable, RPC.Failure>) {
        let body: ByteBuffer
        do {
            switch result {
            case .success(let value): body = try RPC.encodeResult(value)
            case .failure(let failure): body = try RPC.encodeFailure(failure)
            }
        } catch {
            return  // strings and whole numbers can always be encoded
        }
        answer(question, body)
    }

    func answer(_ question: Delivery, _ body: ByteBuffer) {
        guard let queue = question.properties.replyTo else { return }
        var properties = MessageProperties("answer", from: .registry, trace: question.properties.trace)
        properties.correlationID = question.properties.correlationID
        properties.expiration = Self.answerExpiration
        bus.publish(
            Message(body, properties), to: .toQueue, key: RoutingKey(queue.text), mandatory: false, then: nil)
    }
}
