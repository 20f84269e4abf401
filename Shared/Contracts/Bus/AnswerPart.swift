public import Bus

/// Where an answer stands among several to one action: a header of its message (docs/contract.md §4). The only answer
/// to an action has none.
public enum AnswerPart: String, Sendable, CaseIterable {
    /// Others follow, with the same `correlation_id`.
    case more
    case last

    public static let header = "x-perpetua-part"
}

extension MessageProperties {
    public var part: AnswerPart? { headers[AnswerPart.header].flatMap { AnswerPart(rawValue: $0) } }
}
