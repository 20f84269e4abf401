import NIOCore
import OneBot

/// The frames of bots and clients in the benchmarks, with ids and a message of usual size.
enum Frames {
    static let bot = SelfID(10001)

    /// A message in a group, some 400 bytes.
    static let event = ByteBuffer(
        string: #"{"time":1700000000,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","#
            + #""message_id":1003,"group_id":30003,"user_id":20002,"anonymous":null,"#
            + #""message":[{"type":"at","data":{"qq":"10001"}},{"type":"text","data":{"text":" good morning"}}],"#
            + #""raw_message":"[CQ:at,qq=10001] good morning","font":0,"#
            + #""sender":{"user_id":20002,"nickname":"Ming","card":"","role":"member","level":"12"}}"#)

    /// An action as a framework sends it, its echo last.
    static let action = ByteBuffer(
        string: #"{"action":"send_group_msg","params":{"group_id":30003,"message":[{"type":"text","#
            + #""data":{"text":"good morning to you, too"}}]},"echo":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}"#)

    /// A bot's answer to it, with that echo (JSON).
    static func response(echo: String) -> ByteBuffer {
        ByteBuffer(string: #"{"status":"ok","retcode":0,"data":{"message_id":1006},"message":"","echo":\#(echo)}"#)
    }
}
