import Yams

/// A YAML file as keys and values: `api: {port: 1}` and `api.port: 1` are the same, lists are `bots[0].url`.
struct YAMLSettings: Sendable {
    private enum Leaf: Sendable {
        case text(String)
        case null, emptyList, emptyMapping
    }

    private let name: String
    /// In the order written.
    private(set) var keys: [String] = []
    private var leaves: [String: (leaf: Leaf, line: Int?)] = [:]
    /// What is wrong with the file: it is not YAML or not a mapping, or has a key twice.
    private(set) var problems: [Settings.Problem] = []

    init(name: String, yaml: String) {
        self.name = name
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return }
            switch root {
            case .mapping(let mapping): add(mapping, prefix: "")
            case .scalar(let scalar) where Self.isNull(scalar): break
            case .scalar, .sequence, .alias:
                complain(root.mark, "Write settings as `key: value` lines.")
            }
        } catch {
            let place = YAMLMistake(error)
            complain(place.mark, place.text)
        }
    }

    func source(of key: String) -> String? {
        leaves[key].map { source(atLine: $0.line) }
    }

    func source(under key: String) -> String? {
        (leaves[key] != nil ? key : keys(under: key).first).flatMap(source(of:))
    }

    func keys(under key: String) -> [String] {
        keys.filter { $0.hasPrefix("\(key).") || $0.hasPrefix("\(key)[") }
    }

    func value(of key: String) -> SourcedValue? {
        if let (leaf, line) = leaves[key] {
            switch leaf {
            case .text(let text): return sourced(.text(text), line)
            case .null: return nil
            case .emptyList: return sourced(.list([]), line)
            case .emptyMapping: return sourced(.mapping([]), line)
            }
        }
        let below = keys(under: key)
        guard let first = below.first else { return nil }
        let texts = below.compactMap { key in
            if case .text(let text) = leaves[key]?.leaf { text } else { nil }
        }
        let line = leaves[first]?.line
        guard texts.count == below.count else { return sourced(.nested, line) }
        if below.allSatisfy({ $0.hasPrefix("\(key).") }) {
            return sourced(.mapping(zip(below, texts).map { (String($0.dropFirst(key.count + 1)), $1) }), line)
        }
        let isList = below.allSatisfy { Settings.Definition.general($0) == "\(Settings.Definition.general(key))[]" }
        return sourced(isList ? .list(texts) : .nested, line)
    }

    private func sourced(_ content: SourcedValue.Content, _ line: Int?) -> SourcedValue {
        SourcedValue(content: content, layer: .file, source: source(atLine: line))
    }

    private func source(atLine line: Int?) -> String { line.map { "\(name):\($0)" } ?? name }

    private mutating func add(_ mapping: Node.Mapping, prefix: String) {
        for (key, value) in mapping {
            guard let text = key.scalar?.string, !text.isEmpty else {
                complain(key.mark, "A key is a text.")
                continue
            }
            add(value, at: prefix + text, line: key.mark?.line)
        }
    }

    private mutating func add(_ node: Node, at key: String, line: Int?) {
        switch node {
        case .scalar(let scalar):
            put(Self.isNull(scalar) ? .null : .text(scalar.string), at: key, line: line)
        case .mapping(let mapping):
            if mapping.isEmpty { put(.emptyMapping, at: key, line: line) }
            add(mapping, prefix: "\(key).")
        case .sequence(let sequence):
            if sequence.isEmpty { put(.emptyList, at: key, line: line) }
            for (index, item) in sequence.enumerated() {
                add(item, at: "\(key)[\(index)]", line: item.mark?.line ?? line)
            }
        case .alias:
            complain(node.mark, "Write the value of \(key) out: aliases are not understood here.")
        }
    }

    private mutating func put(_ leaf: Leaf, at key: String, line: Int?) {
        guard leaves.updateValue((leaf, line), forKey: key) == nil else {
            let remedy = "It is set twice in this file. Keep one."
            problems.append(Settings.Problem(key: key, value: "", source: source(atLine: line), remedy: remedy))
            return
        }
        keys.append(key)
    }

    private mutating func complain(_ mark: Mark?, _ remedy: String) {
        let place = mark.map { "line \($0.line), column \($0.column)" } ?? "file"
        problems.append(Settings.Problem(key: name, value: "", source: place, remedy: remedy))
    }

    /// YAML 1.1's ways to write null; in quotes they are texts.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        (scalar.style == .plain || scalar.style == .any) && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// What is wrong with a text that is not YAML, and where. It never shows the text itself, which may hold secrets.
struct YAMLMistake {
    let mark: Mark?
    let text: String

    init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.mark = mark
            text = "This is no YAML: \(problem). Mind indentation, colons and quotes here and on the line above."
        case .duplicatedKeysInMapping(let duplicates, let context):
            mark = context.mark
            text = "\(duplicates.joined(separator: ", ")) is set twice in this file. Keep one."
        case .reader(let problem, let offset, _, _):
            mark = nil
            text = "This is no YAML: \(problem)\(offset.map { " at byte \($0)" } ?? ""). Save the file as UTF-8 text."
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            mark = nil
            text = "This is no YAML. Save the file as UTF-8 text."
        }
    }
}
