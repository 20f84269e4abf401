import Contracts
import NIOCore
import OneBot

/// `distributed` / `broadcast` or `broadcast_callback`: data from another client.
final class DistributedEvent: OwnEventContent {
    enum Kind: String, Sendable {
        case broadcast
        case callback = "broadcast_callback"
    }

    let kind: Kind
    let message: DistributedMessage

    init(_ kind: Kind, _ message: DistributedMessage) {
        self.kind = kind
        self.message = message
    }

    var hearers: OwnEvent.Hearers { .clients(message.targets) }
    var bot: SelfID? { nil }
    var bytes: Int { message.data.readableBytes }

    func passes(_ filter: EventFilter) -> Bool { filter.passes(postType: "distributed", detailType: kind.rawValue) }

    /// `data` is a JSON string, as its sender wrote it.
    func text(time: Int64, selfID: SelfID, isSelf: Bool) -> ByteBuffer {
        let capacity = message.data.readableBytes + message.uuid.utf8.count + 256
        var writer = OwnEvent.begun(time: time, selfID: selfID, postType: "distributed", capacity: capacity)
        writer.add("distributed_type", kind.rawValue)
        writer.add("client", json: message.sender.json)
        writer.add("uuid", message.uuid)
        writer.add("data", json: message.data)
        return writer.finish()
    }
}
