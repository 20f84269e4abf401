public import NIOCore
public import OneBot

/// A broadcast or callback on its way to the edge where its targets live, or to the one target that lives on AMQP.
public struct DistributedMessage: Sendable {
    public var uuid: String
    public var sender: Client
    /// The `app_id`s of its targets there.
    public var targets: [String]
    /// A JSON string, as its sender wrote it.
    public var data: ByteBuffer

    public init(uuid: String, sender: Client, targets: [String], data: ByteBuffer) {
        self.uuid = uuid
        self.sender = sender
        self.targets = targets
        self.data = data
    }

    public var encoded: ByteBuffer {
        var list = ByteBuffer()
        list.writeInteger(UInt8(ascii: "["))
        for (index, target) in targets.enumerated() {
            if index > 0 { list.writeInteger(UInt8(ascii: ",")) }
            list.writeJSONString(target)
        }
        list.writeInteger(UInt8(ascii: "]"))
        var writer = JSONObjectWriter(capacity: data.readableBytes + list.readableBytes + 256)
        writer.add("uuid", uuid)
        writer.add("sender", json: sender.json)
        writer.add("targets", json: list)
        writer.add("data", json: data)
        return writer.finish()
    }

    /// `nil` for bytes that are not such a message (programs on the broker publish them, too).
    public init?(decoding bytes: ByteBuffer) {
        guard let object = try? JSONObject(bytes),  // nil says it all
            let uuid = object["uuid"]?.string,
            let sender = object["sender"]?.object, let appID = sender["app_id"]?.string,
            let targets = object["targets"]?.array,
            let data = object["data"], data.kind == .string
        else { return nil }
        self.init(
            uuid: uuid, sender: Client(appID: appID, clientName: sender["client_name"]?.string),
            targets: targets.compactMap(\.string), data: data.bytes)
    }
}
