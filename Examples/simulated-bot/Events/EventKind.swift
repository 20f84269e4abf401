/// The kinds of events of OneBot 11, without meta events. https://github.com/botuniverse/onebot-11/tree/master/event
enum EventKind: CaseIterable, Sendable {
    case privateMessage, groupMessage
    case groupUpload, groupAdmin, groupDecrease, groupIncrease, groupBan, friendAdd, groupRecall, friendRecall
    case poke, luckyKing, honor
    case friendRequest, groupRequest

    /// How many of a deck of events are of this kind: in real life nearly all are messages.
    var share: Int {
        switch self {
        case .groupMessage: 16
        case .privateMessage: 6
        case .groupUpload, .groupAdmin, .groupDecrease, .groupIncrease, .groupBan, .friendAdd, .groupRecall,
            .friendRecall, .poke, .luckyKing, .honor, .friendRequest, .groupRequest:
            1
        }
    }
}
