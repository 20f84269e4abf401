/// Every setting's value, wherever it came from: a YAML file, the environment (`PERPETUA_…`), flags; the later weighs more.
///
/// A service's `…Configuration` reads each of its settings here once, with default and range. Reading never throws: a mistake is
/// recorded and the default returned, so that all mistakes are reported together (``problems``) before anything starts.
public final class Settings: Sendable {
    /// - Parameters:
    ///   - file: the YAML text and what to call it in messages; `nil`: none.
    ///   - environment: only names that start with `PERPETUA_` matter: `PERPETUA_API_PORT` is `api.port`,
    ///     `PERPETUA_BOTS_0_URL` is `bots[0].url`.
    ///   - flags: key and value, as `--api.port 8080` or `--bots[0].url ws://…` gave them.
    public init(
        file: (name: String, yaml: String)? = nil, environment: [String: String] = [:],
        flags: [(key: String, value: String)] = []
    ) { fatalError("unwritten") }

    public func string(_ key: String, default value: String) -> String { fatalError("unwritten") }
    public func optionalString(_ key: String) -> String? { fatalError("unwritten") }
    /// Never printed, never in a message.
    public func secret(_ key: String) -> String? { fatalError("unwritten") }
    public func bool(_ key: String, default value: Bool) -> Bool { fatalError("unwritten") }
    public func int(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int { fatalError("unwritten") }
    public func optionalInt(_ key: String, in range: ClosedRange<Int>) -> Int? { fatalError("unwritten") }
    /// `500ms`, `60s`, `10m`, `2h`; a bare number counts in milliseconds.
    public func duration(_ key: String, default value: Duration, in range: ClosedRange<Duration>) -> Duration {
        fatalError("unwritten")
    }
    /// `64KiB`, `16MiB`, `1GiB`; a bare number counts in bytes.
    public func bytes(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int { fatalError("unwritten") }
    public func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, default value: Choice
    ) -> Choice { fatalError("unwritten") }
    /// A YAML list of strings; in the environment and in flags separated by white space.
    public func strings(_ key: String, default value: [String]) -> [String] { fatalError("unwritten") }
    /// A YAML mapping from names to durations (`action_timeouts: {"upload_*": 10m}`), in the order written; in the
    /// environment and in flags `upload_*=10m,download_*=5m`.
    public func durations(
        _ key: String, default value: [(name: String, value: Duration)], in range: ClosedRange<Duration>
    ) -> [(name: String, value: Duration)] { fatalError("unwritten") }
    /// A YAML list of mappings: the keys of its entries, `bots[0]`, `bots[1]`, …, to be read as `"\(entry).url"`.
    /// In the documentation and in ``definitions`` they appear once, as `bots[].url`.
    public func entries(_ key: String) -> [String] { fatalError("unwritten") }

    /// Records a mistake found by whoever read the value: `remedy` says what to do.
    public func report(_ key: String, value: String, remedy: String) { fatalError("unwritten") }

    /// Everything that is wrong so far: values out of range or of the wrong type, keys nobody has read, a broken file.
    public var problems: [Problem] { fatalError("unwritten") }

    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        public let key: String
        /// `***` for a secret.
        public let value: String
        /// Where it was set: `perpetua.yaml`, `PERPETUA_API_PORT`, `--api.port`.
        public let source: String
        public let remedy: String

        public var description: String { "\(key) = \(value) (\(source)): \(remedy)" }
    }

    /// One setting that was read: what `--check` prints and docs/configuration.md lists.
    public struct Definition: Sendable, Hashable {
        /// With `[]` where it belongs to a list's entry.
        public let key: String
        public let type: String
        /// As one would write it; empty where there is none.
        public let defaultValue: String
        /// As one would write it (`1…65535`), or the choices; empty where anything goes.
        public let range: String
    }

    public var definitions: [Definition] { fatalError("unwritten") }

    /// `key: value` lines of everything read, secrets as `***`, each with its source where it is not the default.
    public var effective: [String] { fatalError("unwritten") }
}
