import Contracts
import NIOCore
import OneBot

/// The parameters of one of our own actions. `null` counts as absent. A mistake is a 1400 that names the parameter,
/// what it was and what to send. A string is read as the type that is asked for, as forms and queries bring nothing
/// else (OneBot 11, HTTP).
struct Parameters {
    private let object: JSONObject?
    /// The action's name.
    private let action: String

    init(_ object: JSONObject?, of action: OwnAction) {
        self.object = object
        self.action = action.name
    }

    /// The parameter's value; `nil` where it is absent or `null`.
    subscript(key: String) -> JSONText? {
        guard let value = object?[key], !value.isNull else { return nil }
        return value
    }

    /// The parameters without one of them.
    func removing(_ key: String) -> JSONObject? {
        // An object without one of its members is still an object, so `nil` never hides an error.
        object.flatMap { try? JSONObject($0.removing(key)) }
    }

    /// A string, `nil` where it is absent or empty.
    func optionalText(_ key: String, send remedy: String) throws(RPC.Failure) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.string else { throw mistake(key, is: value.inWords, send: remedy) }
        return text.isEmpty ? nil : text
    }

    func text(_ key: String, send remedy: String) throws(RPC.Failure) -> String {
        guard let value = self[key] else { throw mistake(key, is: "missing", send: remedy) }
        guard let text = value.string else { throw mistake(key, is: value.inWords, send: remedy) }
        return text
    }

    /// A number, or its digits; `nil` where it is absent or empty.
    func optionalNumber(_ key: String, send remedy: String) throws(RPC.Failure) -> Double? {
        guard let value = self[key] else { return nil }
        if let number = value.double { return number }
        if let text = value.string {
            if text.isEmpty { return nil }
            if let number = Double(text), number.isFinite { return number }
        }
        throw mistake(key, is: value.inWords, send: remedy)
    }

    /// The value itself, or the JSON in it where it is a string; `nil` where it is absent.
    func optionalJSON(_ key: String) -> JSONText? {
        guard let value = self[key] else { return nil }
        // A string that is no JSON stays what it is: a string.
        guard let text = value.string, let json = try? JSONText(validating: ByteBuffer(string: text)) else {
            return value
        }
        return json.isNull ? nil : json
    }

    func mistake(_ key: String, is what: String, send remedy: String) -> RPC.Failure {
        RPC.Failure(.badRequest, "\(action): `\(key)` is \(what). Send \(remedy).")
    }

    func failure(_ reason: FailureReason, _ message: String) -> RPC.Failure {
        RPC.Failure(reason, "\(action): \(message)")
    }
}

extension JSONText {
    /// What kind of value it is, for people. Never the value of a string: it may be a secret.
    var inWords: String {
        switch kind {
        case .object: "an object"
        case .array: "an array"
        case .string: string?.isEmpty == true ? "an empty string" : "a string"
        case .number: bytes.readableBytes <= 32 ? "the number \(String(buffer: bytes))" : "a number"
        case .boolean: "a boolean"
        case .null: "null"
        }
    }
}

extension String {
    /// Whether two texts are the same byte for byte: `==` takes canonically equivalent ones for equal.
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
