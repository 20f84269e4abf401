import Contracts
import OneBot
import SettingsReading

/// What the entries of `reverse_websockets[]` and `webhooks[]` have in common: whom they are for, and what they are
/// called.
public struct TargetConfiguration: Sendable {
    /// `reverse_websockets[0]`, `webhooks[1]`: how logs and mistakes call it.
    public var entry: String
    /// `….name`: its name as a client, 1 to 230 characters; from its second bot on followed by `@` and the account.
    /// Default: host and port of its address.
    public var name: String
    /// `….self_id`: the bots it is for, one or a list. Default: every bot.
    public var selfIDs: [Int64]
    /// What it has chosen, as a client may.
    private let chosen: ClientUpgrade
    private var isNameGiven: Bool

    /// Leaves room for `@` and an account in a ``ClientName``.
    private static let longestName = 230

    /// - Parameter url: what its name is made of where none is given.
    init(_ settings: Settings, entry: String, url: String?) {
        self.entry = entry
        let name = settings.optionalString("\(entry).name")
        isNameGiven = name != nil
        self.name = name ?? url.map(Self.authority) ?? entry
        chosen = ClientUpgrade(settings, entry: entry)
        selfIDs = []
        for text in settings.strings("\(entry).self_id", default: []) {
            if let bot = SelfID(decimal: text), bot.number > 0 {
                if !selfIDs.contains(bot.number) { selfIDs.append(bot.number) }
            } else {
                settings.report(
                    "\(entry).self_id", value: text, remedy: "Write accounts: positive numbers, one or a list of them.")
            }
        }
        if let name, !Self.isValid(name) {
            settings.report(
                "\(entry).name", value: name,
                remedy: "Write 1 to \(Self.longestName) characters, not only spaces and no control characters.")
        }
    }

    /// What it would ask for if it connected to us.
    func upgrade(for bot: SelfID) -> ClientUpgrade {
        var upgrade = chosen
        upgrade.binding = .bot(bot)
        return upgrade
    }

    /// The same targets with names that differ. Where two names that we made up are the same, the second gets a number;
    /// two that are given and the same are a mistake.
    static func withDistinctNames(_ targets: [TargetConfiguration], _ settings: Settings) -> [TargetConfiguration] {
        var targets = targets
        var taken: Set<String> = []
        for target in targets where target.isNameGiven && !taken.insert(target.name).inserted {
            settings.report(
                "\(target.entry).name", value: target.name, remedy: "Another target has that name; give each its own.")
        }
        for index in targets.indices where !targets[index].isNameGiven {
            let name = targets[index].name
            var number = 1
            while !taken.insert(targets[index].name).inserted {
                number += 1
                targets[index].name = "\(name)-\(number)"
            }
        }
        return targets
    }

    /// Reports entries that have the same claim: only one of them would ever be served.
    static func reportTwins(_ targets: [(claim: String, target: TargetConfiguration)], _ settings: Settings) {
        var claims: Set<String> = []
        for (claim, target) in targets where !claims.insert(claim).inserted {
            settings.report(
                target.entry, value: "{}",
                remedy: "An entry before it has the same address and self_id; remove one of them.")
        }
    }

    /// Host and port, as written, without user and password.
    private static func authority(of url: String) -> String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let authority = url[start...].prefix { !"/?#".contains($0) }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return isValid(String(host)) ? String(host) : "target"
    }

    private static func isValid(_ name: String) -> Bool {
        // Why it is no valid name does not matter.
        (try? ClientName(name)) != nil && name.unicodeScalars.count <= longestName
    }
}
