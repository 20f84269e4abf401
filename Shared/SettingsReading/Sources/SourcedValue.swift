/// A setting's value as its source gave it, not yet parsed.
struct SourcedValue: Sendable {
    enum Layer: Sendable, Hashable { case file, environment, flag }

    enum Content: Sendable {
        case text(String)
        /// A YAML list of texts.
        case list([String])
        /// A YAML mapping from names to texts, in the order written.
        case mapping([(name: String, text: String)])
        /// Lists or mappings inside one another.
        case nested
    }

    let content: Content
    let layer: Layer
    /// What to call the place in messages: `perpetua.yaml:3`, `PERPETUA_API_PORT`, `--api.port`.
    let source: String

    var text: String? {
        if case .text(let text) = content { text } else { nil }
    }

    var bool: Bool? {
        switch text?.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    /// A list, or a text's words.
    var list: [String]? {
        switch content {
        case .list(let items): items
        case .text(let text): text.split(whereSeparator: \.isWhitespace).map(String.init)
        case .mapping(let pairs): pairs.isEmpty ? [] : nil
        case .nested: nil
        }
    }

    /// A mapping, or a text like `a=1,b=2`.
    var mapping: [(name: String, text: String)]? {
        switch content {
        case .mapping(let pairs): return pairs
        case .text(let text):
            let parts = text.split(separator: ",")
            let pairs = parts.compactMap { part -> (name: String, text: String)? in
                guard let equals = part.lastIndex(of: "=") else { return nil }
                let name = part[..<equals].split(whereSeparator: \.isWhitespace).joined(separator: " ")
                return name.isEmpty ? nil : (name, String(part[part.index(after: equals)...]))
            }
            return pairs.count == parts.count ? pairs : nil
        case .list(let items): return items.isEmpty ? [] : nil
        case .nested: return nil
        }
    }

    /// For messages.
    var written: String {
        switch content {
        case .text(let text): text.isEmpty ? "\"\"" : text
        case .list(let items): "[\(items.joined(separator: ", "))]"
        case .mapping(let pairs): "{\(pairs.map { "\($0.name): \($0.text)" }.joined(separator: ", "))}"
        case .nested: "[…]"
        }
    }
}
