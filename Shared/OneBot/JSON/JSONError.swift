/// Why bytes are not the JSON we need. `offset` counts bytes from the start of the text.
public enum JSONError: Error, Sendable, Equatable {
    case invalid(offset: Int, reason: String)
    case notAnObject
}

extension JSONError {
    /// The same error in a text that begins that many bytes earlier.
    func shifted(by count: Int) -> JSONError {
        switch self {
        case .invalid(let offset, let reason): .invalid(offset: offset + count, reason: reason)
        case .notAnObject: self
        }
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalid(let offset, let reason): "not valid JSON: \(reason) at byte \(offset)"
        case .notAnObject: "not a JSON object"
        }
    }
}
