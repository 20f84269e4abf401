import NIOCore
import OneBot

/// Somebody the simulated account knows.
struct Person: Sendable {
    let userID: Int64
    let nickname: String
    /// `male`, `female` or `unknown`.
    let sex: String
    let age: Int
    /// How the account calls this friend.
    let remark: String

    /// A message's `sender` in a private chat (OneBot 11, message events).
    var privateSender: ByteBuffer {
        .object { json in
            json.add("user_id", userID)
            json.add("nickname", nickname)
            json.add("sex", sex)
            json.add("age", age)
        }
    }

    /// What `get_stranger_info` answers.
    var strangerInfo: ByteBuffer { privateSender }

    /// One entry of what `get_friend_list` answers.
    var friendInfo: ByteBuffer {
        .object { json in
            json.add("user_id", userID)
            json.add("nickname", nickname)
            json.add("remark", remark)
        }
    }
}
