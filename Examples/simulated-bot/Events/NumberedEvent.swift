public import NIOCore
public import OneBot

/// Events that can be counted: group messages whose text, and whose extra member `number`, is a number.
public enum NumberedEvent {
    public static func json(_ number: Int, selfID: SelfID, at time: Int64) -> ByteBuffer {
        .object { json in
            json.add("time", time)
            json.add("self_id", selfID.number)
            json.add("post_type", "message")
            json.add("message_type", "group")
            json.add("sub_type", "normal")
            json.add("message_id", number)
            json.add("group_id", 30001)
            json.add("user_id", 20001)
            json.addNull("anonymous")
            json.add("message", json: .array([MessageSegment.text(String(number)).json]))
            json.add("raw_message", String(number))
            json.add("font", 0)
            json.add(
                "sender",
                json: .object { json in
                    json.add("user_id", 20001)
                    json.add("nickname", "Ada")
                    json.add("card", "")
                    json.add("role", "owner")
                })
            json.add("number", number)
        }
    }
}
