import NIOCore
import OneBot

/// Lifecycle and heartbeat as clients must see them: ours take the place of the bot's (OneBot 11, meta events).
enum MetaEvents {
    /// The first frame of every client that receives events. `grant` is missing only while the registry cannot be
    /// reached.
    /// - Parameter isPosted: the client is a webhook: it gets `enable` where others get `connect` (OneBot 11, meta
    ///   events).
    static func lifecycle(
        time: Int64, selfID: SelfID, appID: String?, clientToken: String?, isPosted: Bool = false
    ) -> ByteBuffer {
        var writer = begin(time: time, selfID: selfID, type: "lifecycle")
        writer.add("sub_type", isPosted ? "enable" : "connect")
        if let appID, let clientToken {
            var client = JSONObjectWriter()
            client.add("app_id", appID)
            client.add("client_token", clientToken)
            writer.add("client", json: client.finish())
        }
        return writer.finish()
    }

    /// - Parameters:
    ///   - status: the `status` of the bot's last heartbeat; `nil`: none came yet.
    ///   - isAway: the bot's link is down, whatever it said last.
    static func heartbeat(
        time: Int64, selfID: SelfID, status: ByteBuffer?, isAway: Bool, intervalMilliseconds: Int64
    ) -> ByteBuffer {
        var writer = begin(time: time, selfID: selfID, type: "heartbeat")
        if isAway {
            writer.add("status", json: ByteBuffer(staticString: #"{"online":false,"good":false}"#))
        } else {
            writer.add("status", json: status ?? ByteBuffer(staticString: #"{"online":true,"good":true}"#))
        }
        writer.add("interval", intervalMilliseconds)
        return writer.finish()
    }

    private static func begin(time: Int64, selfID: SelfID, type: String) -> JSONObjectWriter {
        var writer = JSONObjectWriter()
        writer.add("time", time)
        writer.add("self_id", selfID.number)
        writer.add("post_type", "meta_event")
        writer.add("meta_event_type", type)
        return writer
    }
}
