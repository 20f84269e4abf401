import OneBot
public import SettingsReading

extension AccessTokens {
    /// Reads the tokens, and replaces them when the settings are read again. Open connections stay open, with the scope
    /// they came with.
    public static func following(_ settings: Settings) -> Reloadable<AccessTokens> {
        settings.reloadable {
            AccessTokens($0)
        } check: { current, next, newer in
            // A settings file that is half written, or gone, must not open doors that asked for a token.
            guard !current.isEmpty, next.isEmpty else { return }
            newer.report(
                "access_token", value: "",
                remedy: "No token is left, so that everybody might come in. Restart if that is what you want.")
        }
    }

    /// - `access_token`: the secret that may do everything. Default: none. With neither this nor `tokens[]`, everybody
    ///   who reaches the ports may do everything.
    /// - `tokens[].name`: what it is called in logs and answers, `[A-Za-z0-9_.-]{1,48}`, no two alike.
    /// - `tokens[].token`: the secret, no two alike.
    /// - `tokens[].self_ids`: the bots it is for, the preferred one first. Default `*`: all.
    /// - `tokens[].actions`: the actions it is for, ours among them; `*` in a name stands for anything, `!` before
    ///   one takes it out again, wherever it stands. Default `*`: all; `[]`: none.
    /// - `tokens[].events`: whether it gets events. Default true.
    /// - `tokens[].http`: whether it opens the HTTP API. Default true.
    public init(_ settings: Settings) {
        var entries: [Entry] = []
        var secrets: [String: String] = [:]
        var names: [String: String] = [:]
        if let secret = settings.secret("access_token"), let token = AccessToken(secret) {
            entries.append(Entry(token: token, scope: .everything))
            secrets[secret] = "access_token"
        }
        for entry in settings.entries("tokens") {
            let scope = TokenScope(settings, entry: entry)
            if let name = scope.name, let other = names.updateValue(entry, forKey: name) {
                settings.report("\(entry).name", value: name, remedy: "\(other) has that name. Give each its own.")
            }
            guard let secret = settings.secret("\(entry).token"), let token = AccessToken(secret) else {
                settings.report("\(entry).token", value: "", remedy: "Give it a secret, or remove the entry.")
                continue
            }
            if let other = secrets.updateValue("\(entry).token", forKey: secret) {
                settings.report("\(entry).token", value: secret, remedy: "\(other) is the same. Give each its own.")
            }
            entries.append(Entry(token: token, scope: scope))
        }
        self.init(entries)
    }
}

extension TokenScope {
    fileprivate init(_ settings: Settings, entry: String) {
        let actions = Self.actions(settings, "\(entry).actions")
        self.init(
            name: settings.optionalString("\(entry).name"), bots: Self.bots(settings, "\(entry).self_ids"),
            actions: actions.included, excludedActions: actions.excluded,
            receivesEvents: settings.bool("\(entry).events", default: true),
            usesHTTP: settings.bool("\(entry).http", default: true))
        guard let name, (1...48).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            settings.report("\(entry).name", value: name ?? "", remedy: "Use 1 to 48 letters, digits, _, - or dots.")
            return
        }
    }

    private static func bots(_ settings: Settings, _ key: String) -> [SelfID]? {
        let texts = settings.strings(key, default: ["*"])
        if texts == ["*"] { return nil }
        if texts.isEmpty { settings.report(key, value: "[]", remedy: "Name a bot, or leave it out for all of them.") }
        return texts.compactMap { text in
            if let bot = SelfID(decimal: text), bot.number > 0 { return bot }
            settings.report(key, value: text, remedy: "Write accounts' numbers, or * alone for all of them.")
            return nil
        }
    }

    private static func actions(
        _ settings: Settings, _ key: String
    ) -> (included: [ActionPattern], excluded: [ActionPattern]) {
        let texts = settings.strings(key, default: ["*"])
        var (included, excluded): ([ActionPattern], [ActionPattern]) = ([], [])
        for text in texts {
            let isExclusion = text.hasPrefix("!")
            let name = isExclusion ? String(text.dropFirst()) : text
            if name.isEmpty || name.utf8.count > 128
                || !name.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "*") })
            {
                settings.report(
                    key, value: text,
                    remedy: "Write names of actions, * for any characters, as get_*, ! before what is not meant.")
            }
            if isExclusion { excluded.append(ActionPattern(name)) } else { included.append(ActionPattern(name)) }
        }
        if included.isEmpty, let first = excluded.first {
            settings.report(
                key, value: "!\(first.text)",
                remedy: "Say what it is for as well: [\"*\", \"!\(first.text)\"] is all but that.")
        }
        return (included, excluded)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
