extension Settings {
    /// One setting that was read: what `--help` prints and docs/configuration.md lists.
    public struct Definition: Sendable, Hashable {
        /// With `[]` where it belongs to a list's entry.
        public let key: String
        public let type: String
        /// As one would write it; empty where there is none.
        public let defaultValue: String
        /// As one would write it (`1…65535`), or the choices; empty where any value is allowed.
        public let range: String

        static let secretType = "secret"

        public var isSecret: Bool { type == Self.secretType }

        /// - Parameter key: as it was read, `bots[0].url`.
        init(_ key: String, type: String, default defaultValue: String = "", range: String = "") {
            self.key = Self.general(key)
            self.type = type
            self.defaultValue = defaultValue
            self.range = range
        }

        /// `bots[12].url` is the setting `bots[].url`.
        static func general(_ key: String) -> String {
            var result = ""
            var isIndex = false
            for character in key {
                if character == "]" { isIndex = false }
                if !isIndex { result.append(character) }
                if character == "[" { isIndex = true }
            }
            return result
        }
    }
}
