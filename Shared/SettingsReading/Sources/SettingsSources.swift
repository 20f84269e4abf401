/// The sources of values, in the order of precedence: flags, environment, file.
struct SettingsSources: Sendable {
    /// Only variables that may be settings and are not empty.
    let environment: [String: String]
    private let file: YAMLSettings?
    private let flags: [String: String]
    private let inventsEntries: Bool

    init(
        file: (name: String, yaml: String)? = nil, environment: [String: String] = [:],
        flags: [(key: String, value: String)] = [], inventingEntries: Bool = false
    ) {
        self.file = file.map { YAMLSettings(name: $0.name, yaml: $0.yaml) }
        self.environment = environment.filter { name, value in
            name.hasPrefix(EnvironmentName.prefix) && !EnvironmentName.notSettings.contains(name) && !value.isEmpty
                && !EnvironmentName.isServiceLink(name, value)
        }
        self.flags = Dictionary(flags.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        inventsEntries = inventingEntries
    }

    /// What is wrong with the file itself.
    var problems: [Settings.Problem] { file?.problems ?? [] }

    func value(of key: String) -> SourcedValue? {
        if let text = flags[key] {
            return SourcedValue(content: .text(text), layer: .flag, source: "--\(key)")
        }
        let items = listItems(inFlags: key)
        if !items.isEmpty {
            return SourcedValue(content: .list(items.compactMap { flags[$0] }), layer: .flag, source: "--\(items[0])")
        }
        let variable = EnvironmentName.of(key)
        if let text = environment[variable] {
            return SourcedValue(content: .text(text), layer: .environment, source: variable)
        }
        return file?.value(of: key)
    }

    /// Keys that a value at `key` covers: `command[0]`, `action_timeouts.upload_*`.
    func keys(under key: String) -> [String] { listItems(inFlags: key) + (file?.keys(under: key) ?? []) }

    /// `--command[0] a --command[1] b`: a list whose texts may hold white space.
    private func listItems(inFlags key: String) -> [String] {
        (0...).lazy.map { "\(key)[\($0)]" }.prefix { flags[$0] != nil }.map { $0 }
    }

    /// The variable that names a file with the secret.
    func fileVariable(of key: String) -> String { EnvironmentName.of(key) + "_FILE" }

    /// Where a value, or the first of the values below it, was set.
    func origin(of key: String) -> String? {
        if let value = value(of: key) { return value.source }
        let flag = flags.keys.filter { $0.hasPrefix("\(key).") || $0.hasPrefix("\(key)[") }.min()
        if let flag { return "--\(flag)" }
        let variable = environment.keys.filter { $0.hasPrefix(EnvironmentName.of(key) + "_") }.min()
        return variable ?? file?.source(under: key)
    }

    /// `bots[0]`, `bots[2]`: the entries that appear in any source, by number.
    func entries(of key: String) -> [String] {
        let fromKeys = (Array(flags.keys) + (file?.keys ?? [])).compactMap {
            Self.index(in: $0, after: "\(key)[", before: "]")
        }
        let prefix = EnvironmentName.of(key) + "_"
        let fromVariables = environment.keys.compactMap { Self.index(in: $0, after: prefix, before: "_") }
        let indices = Set(fromKeys + fromVariables)
        return (inventsEntries && indices.isEmpty ? [0] : indices).sorted().map { "\(key)[\($0)]" }
    }

    /// Everything that is set but that no part reads.
    func unknown(known: KnownNames) -> [Settings.Problem] {
        var problems: [Settings.Problem] = []
        for key in file?.keys ?? [] where !known.keys.contains(key) {
            let remedy = KnownNames.remedy(for: key, among: known.keys)
            problems.append(Settings.Problem(key: key, value: "", source: file?.source(of: key) ?? "", remedy: remedy))
        }
        for name in environment.keys.sorted() where !known.variables.contains(name) {
            let remedy = KnownNames.remedy(for: name, among: known.variables)
            problems.append(Settings.Problem(key: name, value: "", source: "environment", remedy: remedy))
        }
        for key in flags.keys.sorted() where !known.keys.contains(key) {
            let remedy = KnownNames.remedy(for: key, among: known.keys)
            problems.append(Settings.Problem(key: key, value: "", source: "--\(key)", remedy: remedy))
        }
        return problems
    }

    private static func index(in name: String, after prefix: String, before end: Character) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        guard let stop = rest.firstIndex(of: end) else { return nil }
        let digits = rest[..<stop]
        return digits.allSatisfy(\.isASCII) && digits.allSatisfy(\.isNumber) ? Int(digits) : nil
    }
}
