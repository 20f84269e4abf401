import Synchronization

/// Every setting's value, wherever it came from: a YAML file, the environment (`PERPETUA_…`), flags; the later source
/// wins.
///
/// A service's `…Configuration` reads each of its settings here once, with default and range. Reading never throws: a
/// mistake is recorded and the default returned, so that all mistakes are reported together (``problems``) before
/// anything starts.
public final class Settings: Sendable {
    private let sources: SettingsSources
    private let readSecretFile: @Sendable (String) throws(SecretFile.Failure) -> String
    /// What was read so far, and what was wrong with it.
    let ledger = Mutex(SettingsLedger())
    /// Each reads its value from newer settings, and returns what puts that in force.
    let followers = Mutex<[@Sendable (Settings) -> () -> Void]>([])
    /// Whether values that are read now may change while the process runs.
    @TaskLocal static var readsReloadable = false

    /// - Parameters:
    ///   - file: the YAML text and what to call it in messages; `nil`: none.
    ///   - environment: only names that start with `PERPETUA_` matter: `PERPETUA_API_PORT` is `api.port`,
    ///     `PERPETUA_BOTS_0_URL` is `bots[0].url`. An empty variable counts as absent.
    ///   - flags: key and value, as `--api.port 8080` or `--bots[0].url ws://…` gave them; where a key is repeated, the
    ///     last one counts.
    public convenience init(
        file: (name: String, yaml: String)? = nil, environment: [String: String] = [:],
        flags: [(key: String, value: String)] = []
    ) {
        self.init(SettingsSources(file: file, environment: environment, flags: flags), readSecretFile: SecretFile.read)
    }

    init(
        _ sources: SettingsSources, readSecretFile: @escaping @Sendable (String) throws(SecretFile.Failure) -> String
    ) {
        self.sources = sources
        self.readSecretFile = readSecretFile
    }

    /// Settings without values, in which every list has one entry, so that ``definitions`` includes the settings of
    /// entries.
    public static func describing() -> Settings {
        Settings(SettingsSources(inventingEntries: true), readSecretFile: SecretFile.read)
    }

    public func string(_ key: String, default value: String) -> String {
        read(key, .init(key, type: "text", default: value), else: value, remedy: "Write one text.") { $0.text }
    }

    /// `nil` where it is not set, or empty.
    public func optionalString(_ key: String) -> String? {
        let text = read(key, .init(key, type: "text"), else: "", remedy: "Write one text.") { $0.text }
        return text.isEmpty ? nil : text
    }

    /// It is never printed and never in a message. The environment may also name a file that holds it:
    /// `PERPETUA_ACCESS_TOKEN_FILE`.
    public func secret(_ key: String) -> String? {
        let definition = Definition(key, type: Definition.secretType)
        guard let path = secretFilePath(key, definition) else {
            let text = read(key, definition, else: "", remedy: "Write one text.") { $0.text }
            return text.isEmpty ? nil : text
        }
        do {
            let text = try readSecretFile(path)
            note(key, definition, shown: text, source: sources.fileVariable(of: key))
            return text.isEmpty ? nil : text
        } catch {
            note(key, definition, shown: "***", source: sources.fileVariable(of: key))
            record(Problem(key: key, value: path, source: sources.fileVariable(of: key), remedy: error.remedy))
            return nil
        }
    }

    public func bool(_ key: String, default value: Bool) -> Bool {
        read(
            key, .init(key, type: "switch", default: "\(value)", range: "true, false"), else: value,
            remedy: "Write true or false.", parse: \.bool)
    }

    /// The same; `nil` where it is not set.
    public func optionalBool(_ key: String) -> Bool? {
        read(
            key, .init(key, type: "switch", range: "true, false"), else: nil, shown: { $0.map { "\($0)" } ?? "" },
            remedy: "Write true or false.", parse: { value in value.bool.map { .some($0) } })
    }

    public func int(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        read(
            key, .init(key, type: "number", default: "\(value)", range: range.written), else: value,
            remedy: "Write a whole number, \(range.inWords)."
        ) { $0.text.flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil } }
    }

    public func optionalInt(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let parse = { (value: SourcedValue) -> Int?? in
            guard let number = value.text.flatMap({ Int($0) }), range.contains(number) else { return nil }
            return .some(number)
        }
        return read(
            key, .init(key, type: "number", range: range.written), else: nil, shown: { $0.map { "\($0)" } ?? "" },
            remedy: "Write a whole number, \(range.inWords).", parse: parse)
    }

    /// `500ms`, `60s`, `10m`, `2h`; a bare number counts in milliseconds.
    public func duration(_ key: String, default value: Duration, in range: ClosedRange<Duration>) -> Duration {
        let ends = (DurationText.write(range.lowerBound), DurationText.write(range.upperBound))
        return read(
            key, .init(key, type: "duration", default: DurationText.write(value), range: "\(ends.0)…\(ends.1)"),
            else: value, shown: DurationText.write,
            remedy: "Write a time from \(ends.0) to \(ends.1), as 500ms, 60s, 10m or 2h."
        ) { $0.text.flatMap(DurationText.parse).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// The same; `nil` where it is not set.
    public func optionalDuration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        let ends = (DurationText.write(range.lowerBound), DurationText.write(range.upperBound))
        let parse = { (value: SourcedValue) -> Duration?? in
            guard let duration = value.text.flatMap(DurationText.parse), range.contains(duration) else { return nil }
            return .some(duration)
        }
        return read(
            key, .init(key, type: "duration", range: "\(ends.0)…\(ends.1)"), else: nil,
            shown: { $0.map(DurationText.write) ?? "" },
            remedy: "Write a time from \(ends.0) to \(ends.1), as 500ms, 60s, 10m or 2h.", parse: parse)
    }

    /// `64KiB`, `16MiB`, `1GiB`; a bare number counts in bytes.
    public func bytes(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        let ends = (ByteCountText.write(range.lowerBound), ByteCountText.write(range.upperBound))
        return read(
            key, .init(key, type: "size", default: ByteCountText.write(value), range: "\(ends.0)…\(ends.1)"),
            else: value, shown: ByteCountText.write,
            remedy: "Write a size from \(ends.0) to \(ends.1), as 64KiB, 16MiB or 1GiB."
        ) { $0.text.flatMap(ByteCountText.parse).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A size whose default follows from other settings: `value`.
    public func bytes(_ key: String, following value: Int, in range: ClosedRange<Int>) -> Int {
        let ends = (ByteCountText.write(range.lowerBound), ByteCountText.write(range.upperBound))
        return read(
            key, .init(key, type: "size", range: "\(ends.0)…\(ends.1)"), else: value, shown: ByteCountText.write,
            remedy: "Write a size from \(ends.0) to \(ends.1), as 64KiB, 16MiB or 1GiB."
        ) { $0.text.flatMap(ByteCountText.parse).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Whether it was given a value, right or wrong.
    public func isSet(_ key: String) -> Bool { sources.value(of: key) != nil }

    public func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, default value: Choice
    ) -> Choice {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return read(
            key, .init(key, type: "choice", default: value.rawValue, range: choices), else: value,
            shown: { $0.rawValue }, remedy: "Write one of \(choices).",
            parse: { $0.text.flatMap(Choice.init(rawValue:)) })
    }

    /// The same; `nil` where it is not set, or empty.
    public func optionalChoice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ key: String) -> Choice? {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        let parse = { (value: SourcedValue) -> Choice?? in
            guard let text = value.text else { return nil }
            return text.isEmpty ? .some(nil) : Choice(rawValue: text).map { .some($0) }
        }
        return read(
            key, .init(key, type: "choice", range: choices), else: nil, shown: { $0?.rawValue ?? "" },
            remedy: "Write one of \(choices).", parse: parse)
    }

    /// A YAML list of strings; in the environment and in flags separated by white space.
    public func strings(_ key: String, default value: [String]) -> [String] {
        read(
            key, .init(key, type: "list of texts", default: value.joined(separator: " ")), else: value,
            shown: { $0.joined(separator: " ") },
            remedy: "Write a list of texts, or one text with spaces between them.",
            parse: \.list)
    }

    /// A YAML mapping from names to durations (`action_timeouts: {"upload_*": 10m}`), in the order written; in the
    /// environment and in flags `upload_*=10m,download_*=5m`.
    public func durations(
        _ key: String, default value: [(name: String, value: Duration)], in range: ClosedRange<Duration>
    ) -> [(name: String, value: Duration)] {
        let ends = (DurationText.write(range.lowerBound), DurationText.write(range.upperBound))
        let write = { (pairs: [(name: String, value: Duration)]) in
            pairs.map { "\($0.name)=\(DurationText.write($0.value))" }.joined(separator: ",")
        }
        return read(
            key, .init(key, type: "durations by name", default: write(value), range: "\(ends.0)…\(ends.1)"),
            else: value,
            shown: write, remedy: "Write names and times from \(ends.0) to \(ends.1), as upload_*=10m,download_*=5m."
        ) { value in
            guard let pairs = value.mapping else { return nil }
            let durations = pairs.compactMap { pair in
                DurationText.parse(pair.text).flatMap { range.contains($0) ? (name: pair.name, value: $0) : nil }
            }
            return durations.count == pairs.count ? durations : nil
        }
    }

    /// A YAML list of mappings: the keys of its entries, `bots[0]`, `bots[1]`, …, to be read as `"\(entry).url"`.
    /// In the documentation and in ``definitions`` they appear once, as `bots[].url`.
    public func entries(_ key: String) -> [String] {
        let entries = sources.entries(of: key)
        ledger.withLock { $0.expect([key] + entries) }
        if let value = sources.value(of: key), case .text(let text) = value.content {
            report(key, value: text, remedy: "Write a list whose entries have keys of their own, as \(key)[0].")
        }
        return entries
    }

    /// Settings that other processes read from the same file and environment: here they are not read, but known.
    /// - Parameters:
    ///   - keys: as ``Definition/key`` has them, `bots[].url`.
    ///   - secrets: those keys that are secret.
    public func leaveToOthers(_ keys: Set<String>, secrets: Set<String>) {
        for general in keys.sorted() {
            for key in expanded(general[...], after: "") {
                let covered = sources.keys(under: key)
                ledger.withLock { ledger in
                    ledger.expect([key] + covered)
                    if secrets.contains(general) { ledger.expect(variable: sources.fileVariable(of: key)) }
                }
            }
        }
    }

    /// `bots[].url` is `bots[0].url` and `bots[1].url` where there are two entries.
    private func expanded(_ general: Substring, after prefix: String) -> [String] {
        guard let brackets = general.firstRange(of: "[]") else { return [prefix + general] }
        let list = prefix + general[..<brackets.lowerBound]
        let entries = sources.entries(of: list)
        ledger.withLock { $0.expect([list] + entries) }
        return entries.flatMap { expanded(general[brackets.upperBound...], after: $0) }
    }

    /// Records a mistake that was found by the reader of the value; `remedy` says what to do.
    public func report(_ key: String, value: String, remedy: String) {
        let source = sources.origin(of: key) ?? "default"
        ledger.withLock { $0.report(key, value: value, source: source, remedy: remedy) }
    }

    /// Everything that is wrong so far: values out of range or of the wrong type, keys that no part has read, a broken
    /// file.
    public var problems: [Problem] {
        let (known, recorded) = ledger.withLock { ($0.known, $0.problems) }
        return sources.problems + recorded + sources.unknown(known: known)
    }

    /// Everything that was read, in a stable order: settings without a dot first, then by key.
    public var definitions: [Definition] { ledger.withLock { $0.sortedDefinitions } }

    /// `key: value` lines of everything read, secrets as `***`, each with its source where it is not the default.
    public var effective: [String] { ledger.withLock { $0.effective } }

    private func read<Value>(
        _ key: String, _ definition: Definition, else fallback: Value, shown: (Value) -> String = { "\($0)" },
        remedy: String, parse: (SourcedValue) -> Value?
    ) -> Value {
        guard let given = sources.value(of: key) else {
            note(key, definition, shown: definition.isSecret ? "" : shown(fallback), source: nil)
            return fallback
        }
        guard let value = parse(given) else {
            note(key, definition, shown: given.written, source: given.source)
            report(key, value: given.written, remedy: remedy)
            return fallback
        }
        note(key, definition, shown: shown(value), source: given.source)
        return value
    }

    private func note(_ key: String, _ definition: Definition, shown: String, source: String?) {
        let covered = sources.keys(under: key)
        ledger.withLock { ledger in
            ledger.expect([key] + covered)
            ledger.note(key, definition, shown: shown, source: source, isReloadable: Self.readsReloadable)
        }
    }

    /// The path in `PERPETUA_…_FILE`, where this secret is to be read from there.
    private func secretFilePath(_ key: String, _ definition: Definition) -> String? {
        let variable = sources.fileVariable(of: key)
        ledger.withLock { $0.expect(variable: variable) }
        guard let path = sources.environment[variable] else { return nil }
        switch sources.value(of: key)?.layer {
        case .flag: return nil
        case .environment:
            record(
                Problem(
                    key: key, value: "***", source: variable,
                    remedy: "Set either this or \(EnvironmentName.of(key)), not both."))
            return nil
        case .file, nil: return path
        }
    }

    private func record(_ problem: Problem) {
        ledger.withLock { $0.record(problem) }
    }
}
