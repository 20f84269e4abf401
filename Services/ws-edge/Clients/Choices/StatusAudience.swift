/// Who hears of a client coming or going, where somebody has chosen (`client_status`).
enum ClientStatusAudience: String, Sendable, CaseIterable {
    case all
    case own = "self"
    case none
}

/// Who hears of a client coming or going: what the connection asked for or is configured, else everybody as long as
/// there are few.
enum StatusAudience {
    static func hears(_ audience: ClientStatusAudience?, isSelf: Bool, isCrowd: Bool) -> Bool {
        switch audience {
        case .all: true
        case .own: isSelf
        case .none?: false
        case nil: isSelf || !isCrowd
        }
    }
}
