import NIOCore
import OneBot

/// A group the simulated account is in.
struct Group: Sendable {
    let groupID: Int64
    let name: String
    let members: [Member]

    /// What `get_group_info` answers, and one entry of `get_group_list`.
    var info: ByteBuffer {
        .object { json in
            json.add("group_id", groupID)
            json.add("group_name", name)
            json.add("member_count", members.count)
            json.add("max_member_count", 200)
        }
    }

    /// Somebody in a group.
    struct Member: Sendable {
        let person: Person
        /// `owner`, `admin` or `member`.
        let role: String
        /// The name shown in this group; may be empty.
        let card: String

        /// A message's `sender` in a group (OneBot 11, message events).
        var sender: ByteBuffer {
            .object { json in
                json.add("user_id", person.userID)
                json.add("nickname", person.nickname)
                json.add("card", card)
                json.add("sex", person.sex)
                json.add("age", person.age)
                json.add("area", "")
                json.add("level", "1")
                json.add("role", role)
                json.add("title", "")
            }
        }

        /// What `get_group_member_info` answers, and one entry of `get_group_member_list`.
        func info(in groupID: Int64) -> ByteBuffer {
            .object { json in
                json.add("group_id", groupID)
                json.add("user_id", person.userID)
                json.add("nickname", person.nickname)
                json.add("card", card)
                json.add("sex", person.sex)
                json.add("age", person.age)
                json.add("area", "")
                json.add("join_time", 1_600_000_000)
                json.add("last_sent_time", 1_700_000_000)
                json.add("level", "1")
                json.add("role", role)
                json.add("unfriendly", false)
                json.add("title", "")
                json.add("title_expire_time", 0)
                json.add("card_changeable", role != "member")
            }
        }
    }
}
