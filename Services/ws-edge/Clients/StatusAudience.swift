/// Who hears of a client coming or going: what the connection asked for, else what is configured, else everybody as long as
/// there are few.
enum StatusAudience {
    static func hears(
        asked: WSEdgeConfiguration.ClientStatusAudience?, configured: WSEdgeConfiguration.ClientStatusAudience?,
        isSelf: Bool, clients: Int
    ) -> Bool {
        switch asked ?? configured {
        case .all: true
        case .own: isSelf
        case .none?: false
        case nil: isSelf || clients <= ClientStatusAnnouncer.crowd
        }
    }
}
