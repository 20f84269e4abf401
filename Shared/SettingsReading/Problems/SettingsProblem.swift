extension Settings {
    /// One mistake in the settings: what, where, and what to do about it.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        public let key: String
        /// `***` for a secret; empty where it does not matter (an unknown key, a file that is not YAML).
        public let value: String
        /// Where it was set: `perpetua.yaml:3`, `PERPETUA_API_PORT`, `--api.port`.
        public let source: String
        public let remedy: String

        public var description: String {
            value.isEmpty ? "\(key) (\(source)): \(remedy)" : "\(key) = \(value) (\(source)): \(remedy)"
        }
    }
}
