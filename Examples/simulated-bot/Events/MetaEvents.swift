import NIOCore
import OneBot

/// The two meta events of OneBot 11, as a bot sends them.
enum MetaEvents {
    /// The first frame on every connection that carries events.
    static func connect(selfID: SelfID, at time: Int64) -> ByteBuffer {
        .object { json in
            json.add("time", time)
            json.add("self_id", selfID.number)
            json.add("post_type", "meta_event")
            json.add("meta_event_type", "lifecycle")
            json.add("sub_type", "connect")
        }
    }

    /// - Parameter status: what `get_status` answers.
    static func heartbeat(
        selfID: SelfID, status: ByteBuffer, interval: Duration, at time: Int64
    ) -> ByteBuffer {
        .object { json in
            json.add("time", time)
            json.add("self_id", selfID.number)
            json.add("post_type", "meta_event")
            json.add("meta_event_type", "heartbeat")
            json.add("status", json: status)
            json.add("interval", Int64(interval / .milliseconds(1)))
        }
    }
}
