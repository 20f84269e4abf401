/// What is wrong with a bot that is connected and cannot be used.
enum BotTrouble: Sendable, Hashable, CaseIterable {
    /// Nothing has come from it: no event, and no answer to our question who it is.
    case silent
    /// It speaks, and does not say which account it is.
    case nameless

    /// For the log, health checks and callers. The sentence names no URL, because URLs of bots hold tokens, and no
    /// port, because ports differ each time.
    func sentence(of origin: BotLinkState.Origin, remoteAddress: String) -> String {
        switch (self, origin) {
        case (.silent, .dialled(let entry)):
            "bots[\(entry)] is connected and silent: no event has come, and no answer to get_login_info. Is the path "
                + "of its address right (LLBot answers at / and /event only), and is it logged in?"
        case (.silent, .dialledIn):
            "A bot that dialled in from \(Self.host(remoteAddress)) is connected and silent: no event has come, and "
                + "no answer to get_login_info. Is it logged in?"
        case (.nameless, .dialled(let entry)):
            "bots[\(entry)] is connected and does not say which account it is: is it logged in? bots[\(entry)].self_id "
                + "says it, too."
        case (.nameless, .dialledIn):
            "A bot that dialled in from \(Self.host(remoteAddress)) does not say which account it is: is it logged "
                + "in? The header X-Self-ID says it, too."
        }
    }

    private static func host(_ address: String) -> Substring {
        address.lastIndex(of: ":").map { address[..<$0] } ?? address[...]
    }
}
