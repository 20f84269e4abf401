public import NIOCore

/// The events Perpetua adds to OneBot 11, as text. `time` is in Unix seconds.
public enum PerpetuaEvent {
    /// A client came or went: `notice` / `client_status`.
    public static func clientStatus(
        time: Int64, selfID: SelfID, client: Client, online: Bool, isSelf: Bool
    ) -> ByteBuffer { fatalError("unwritten") }

    /// Events of the bot are known to be missing here: `notice` / `event_gap`. `missed` is `nil` where their number is not known.
    public static func eventGap(time: Int64, selfID: SelfID, missed: Int?) -> ByteBuffer { fatalError("unwritten") }

    public enum DistributedKind: String, Sendable, Codable { case broadcast, callback = "broadcast_callback" }

    /// Data from another client: `distributed` / `broadcast` or `broadcast_callback`. `data` is a JSON string, as its sender wrote it.
    public static func distributed(
        _ kind: DistributedKind, time: Int64, selfID: SelfID, client: Client, uuid: String, data: ByteBuffer
    ) -> ByteBuffer { fatalError("unwritten") }
}
