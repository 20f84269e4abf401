import Yams

/// What is wrong with a text that is no YAML, and where. Never the text itself: it may hold secrets.
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
