import Bus
import Contracts
import Foundation
import NIOCore

/// Publishes changes of presence in their order.
struct PresencePublisher: Sendable {
    let bus: any MessageBus
    let exchange: Exchange

    func publish(_ changes: [PresenceChange], at now: Moment) {
        for change in changes {
            // Strings and whole numbers can always be encoded.
            guard let body = try? JSONEncoder().encode(change) else { continue }
            var properties = MessageProperties(
                change.kind.rawValue, from: .registry, id: "\(change.registryEpoch)-\(change.sequence)",
                at: now.utcMilliseconds / 1000)
            properties.isPersistent = true
            bus.publish(
                Message(ByteBuffer(bytes: body), properties), to: exchange, key: change.kind.key, mandatory: false,
                then: nil)
        }
    }
}
