public import NIOCore

/// The events Perpetua adds to OneBot 11, as text. `time` is in Unix seconds.
public enum PerpetuaEvent {
    /// A client came or went: `notice` / `client_status`.
    public static func clientStatus(
        time: Int64, selfID: SelfID, client: Client, online: Bool, isSelf: Bool
    ) -> ByteBuffer {
        var writer = begun(time: time, selfID: selfID, postType: "notice")
        writer.add("notice_type", "client_status")
        writer.add("client", json: client.json)
        writer.add("online", online)
        writer.add("self_client", isSelf)
        return writer.finish()
    }

    /// The bot's link is gone, or is back: `notice` / `bot_status`.
    public static func botStatus(time: Int64, selfID: SelfID, online: Bool) -> ByteBuffer {
        var writer = begun(time: time, selfID: selfID, postType: "notice")
        writer.add("notice_type", "bot_status")
        writer.add("online", online)
        return writer.finish()
    }

    /// Events of the bot are known to be missing here: `notice` / `event_gap`. `missed` is `nil` where their number is not known.
    public static func eventGap(time: Int64, selfID: SelfID, missed: Int?) -> ByteBuffer {
        var writer = begun(time: time, selfID: selfID, postType: "notice")
        writer.add("notice_type", "event_gap")
        if let missed { writer.add("missed", missed) } else { writer.addNull("missed") }
        return writer.finish()
    }

    public enum DistributedKind: String, Sendable, Codable {
        case broadcast
        case callback = "broadcast_callback"
    }

    /// Data from another client: `distributed` / `broadcast` or `broadcast_callback`. `data` is a JSON string, as its sender wrote it.
    public static func distributed(
        _ kind: DistributedKind, time: Int64, selfID: SelfID, client: Client, uuid: String, data: ByteBuffer
    ) -> ByteBuffer {
        var writer = begun(
            time: time, selfID: selfID, postType: "distributed", capacity: data.readableBytes + uuid.utf8.count + 256)
        writer.add("distributed_type", kind.rawValue)
        writer.add("client", json: client.json)
        writer.add("uuid", uuid)
        writer.add("data", json: data)
        return writer.finish()
    }

    /// What all events begin with. None has an `echo`: clients tell responses from events by it.
    private static func begun(
        time: Int64, selfID: SelfID, postType: String, capacity: Int = 256
    ) -> JSONObjectWriter {
        var writer = JSONObjectWriter(capacity: capacity)
        writer.add("time", time)
        writer.add("self_id", selfID.number)
        writer.add("post_type", postType)
        return writer
    }
}
