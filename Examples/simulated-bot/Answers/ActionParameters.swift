import NIOCore
import OneBot

/// An action's `params`, read the way OneBot implementations do: a number may come as a string of digits.
struct ActionParameters: Sendable {
    /// A parameter is missing or of the wrong type: retcode 1400.
    struct Problem: Error, Sendable {
        let message: String
    }

    private let params: JSONObject?

    init(_ params: JSONObject?) {
        self.params = params
    }

    /// The parameter as written; `nil` where it is absent or `null`.
    subscript(name: String) -> JSONText? {
        guard let value = params?[name], !value.isNull else { return nil }
        return value
    }

    func require(_ name: String) throws(Problem) -> JSONText {
        guard let value = self[name] else {
            throw Problem(message: "The parameter \(name) is missing: add it to params.")
        }
        return value
    }

    func integer(_ name: String) throws(Problem) -> Int64 {
        let value = try require(name)
        guard let number = value.int64 ?? value.string.flatMap({ Int64($0) }) else {
            throw Problem(message: "The parameter \(name) must be a whole number.")
        }
        return number
    }

    func text(_ name: String) throws(Problem) -> String {
        let value = try require(name)
        guard let text = value.string ?? value.int64.map(String.init) else {
            throw Problem(message: "The parameter \(name) must be a string.")
        }
        return text
    }

    /// A message in array format, whichever of the three formats it came in (string, segment, array).
    func message() throws(Problem) -> ByteBuffer {
        let value = try require("message")
        switch value.kind {
        case .array: return value.bytes
        case .object: return .array([value.bytes])
        case .string: return .array([MessageSegment.text(value.string ?? "").json])
        case .number, .boolean, .null:
            throw Problem(message: "The parameter message must be a string, a segment or an array of segments.")
        }
    }
}
