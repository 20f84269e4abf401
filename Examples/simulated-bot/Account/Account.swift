import OneBot

/// The account that is logged in, with its friends and groups. It is the same at every start, so that examples can use
/// its ids and names.
struct Account: Sendable {
    let selfID: SelfID
    let nickname = "Simulated Bot"
    let friends: [Person]
    let groups: [Group]

    init(selfID: SelfID) {
        self.selfID = selfID
        friends = [
            Person(userID: 20001, nickname: "Ada", sex: "female", age: 36, remark: "Countess"),
            Person(userID: 20002, nickname: "小明", sex: "male", age: 12, remark: "同学"),
            Person(userID: 20003, nickname: "Zoë 🦊", sex: "unknown", age: 0, remark: ""),
            Person(userID: 20004, nickname: "O'Neil [admin], \"Bob\" & Co", sex: "male", age: 51, remark: "quotes"),
        ]
        let own = Person(userID: selfID.number, nickname: nickname, sex: "unknown", age: 1, remark: "")
        groups = [
            Group(
                groupID: 30001, name: "Swift 学习小组",
                members: [
                    Group.Member(person: friends[0], role: "owner", card: "群主"),
                    Group.Member(person: friends[1], role: "admin", card: ""),
                    Group.Member(person: friends[2], role: "member", card: "fox"),
                    Group.Member(person: own, role: "member", card: ""),
                ]),
            Group(
                groupID: 30002, name: "Bots & Friends",
                members: [
                    Group.Member(person: own, role: "owner", card: "bot"),
                    Group.Member(person: friends[3], role: "member", card: ""),
                    Group.Member(person: friends[0], role: "member", card: ""),
                ]),
        ]
    }

    func friend(_ userID: Int64) -> Person? { friends.first { $0.userID == userID } }

    func group(_ groupID: Int64) -> Group? { groups.first { $0.groupID == groupID } }
}
