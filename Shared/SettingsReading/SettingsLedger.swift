/// What was read so far: which settings there are, what they are now, and what was wrong.
struct SettingsLedger: Sendable {
    private struct Entry: Sendable {
        let definition: Settings.Definition
        let shown: String
        /// As it was written, even a secret: it is compared, and never shown.
        let text: String
        /// `nil`: the default.
        let source: String?
        /// Whether it may change while the process runs.
        let isReloadable: Bool
    }

    private var entries: [String: Entry] = [:]
    private var definitions: [String: Settings.Definition] = [:]
    private(set) var problems: [Settings.Problem] = []
    /// Keys and names of variables that some part reads; all others are unknown.
    private(set) var known = KnownNames()

    mutating func expect(_ keys: [String]) { known.insert(keys: keys) }
    mutating func expect(variable: String) { known.insert(variable: variable) }

    /// Notes that a setting was read. Reading it again with the same definition changes nothing.
    /// - Parameter shown: the value; a secret is hidden here.
    mutating func note(
        _ key: String, _ definition: Settings.Definition, shown: String, source: String?, isReloadable: Bool = false
    ) {
        if let other = definitions[definition.key], other != definition {
            record(
                Settings.Problem(
                    key: key, value: "", source: source ?? "default",
                    remedy: "Two services read it as different things: \(other) and \(definition). Please report this.")
            )
        } else {
            definitions[definition.key] = definition
        }
        let text = definition.isSecret ? (shown.isEmpty ? "" : "***") : SecretsInText.hide(shown)
        entries[key] = Entry(
            definition: definition, shown: text, text: shown, source: source, isReloadable: isReloadable)
    }

    /// Takes over the entries that may change while the process runs, from settings without a mistake.
    mutating func adopt(_ newer: SettingsLedger) -> Settings.Adoption {
        var (changed, pending): ([String], [String]) = ([], [])
        for key in Set(entries.keys).union(newer.entries.keys).sorted(by: { Self.order($0) < Self.order($1) }) {
            let (old, new) = (entries[key], newer.entries[key])
            let isReloadable = new?.isReloadable ?? old?.isReloadable ?? false
            if isReloadable { entries[key] = new }
            // Defaults of a list's entry come and go with it: that is not a change of their own.
            guard old?.source != nil || new?.source != nil, old?.text != new?.text else { continue }
            if isReloadable { changed.append(key) } else { pending.append(key) }
        }
        return .adopted(changed: changed, pending: pending)
    }

    mutating func report(_ key: String, value: String, source: String, remedy: String) {
        let isSecret = definitions[Settings.Definition.general(key)]?.isSecret ?? false
        let shown = isSecret && !value.isEmpty ? "***" : SecretsInText.hide(value)
        record(Settings.Problem(key: key, value: shown, source: source, remedy: remedy))
    }

    /// A mistake that two services find in one setting is one mistake.
    mutating func record(_ problem: Settings.Problem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    var sortedDefinitions: [Settings.Definition] {
        definitions.values.sorted { Self.order($0.key) < Self.order($1.key) }
    }

    var effective: [String] {
        entries.sorted { Self.order($0.key) < Self.order($1.key) }.map { key, entry in
            let line = entry.shown.isEmpty ? "\(key):" : "\(key): \(entry.shown)"
            return entry.source.map { "\(line)  # \($0)" } ?? line
        }
    }

    /// Sorts settings without a dot first, then those of each part, by name; entries of a list by number.
    private static func order(_ key: String) -> (Int, String) {
        let padded = key.split(separator: "[", omittingEmptySubsequences: false).enumerated().map { index, part in
            guard index > 0, let end = part.firstIndex(of: "]") else { return String(part) }
            return "[" + String(repeating: "0", count: max(0, 9 - part[..<end].count)) + part
        }
        return (key.contains(".") ? 1 : 0, padded.joined())
    }
}
