import NIOCore
import OneBot

/// An action's parameters as they came by HTTP: a JSON body, kept as it was written, or a form. The query adds what the
/// body does not have. Form and query are converted by ``ParameterTypes``.
struct ActionParameters: Sendable {
    /// What the action gets; `nil` where there are none.
    private(set) var json: JSONObject?
    private let query: [FormText.Pair]

    /// - Throws: 1406 for a content type we do not read, 1400 for a body or query that is broken.
    init(query: String?, contentType: String?, body: ByteBuffer) throws(Refusal) {
        do throws(FormText.Malformed) {
            self.query = try FormText.pairs(of: (query ?? "").utf8)
        } catch {
            throw Refusal(.badRequest, "The query cannot be read: \(error)")
        }
        if body.readableBytes == 0 {
            json = Self.object(of: self.query)
            return
        }
        switch (Self.mediaType(contentType), Self.beginsAsJSON(body)) {
        case ("application/json", _):
            json = try Self.object(body, completedBy: self.query)
        case ("application/x-www-form-urlencoded", true), ("text/plain", true), ("", true):
            // What `curl -d '{…}'` and programs that set no content type send.
            json = try Self.object(
                body, completedBy: self.query,
                remedy: " It begins as JSON does, so it is read as that in spite of its Content-Type.")
        case ("application/x-www-form-urlencoded", false):
            do throws(FormText.Malformed) {
                let form = try FormText.pairs(of: body.readableBytesView)
                let names = Set(form.map { Array($0.name.utf8) })
                json = Self.object(of: form + self.query.filter { !names.contains(Array($0.name.utf8)) })
            } catch {
                throw Refusal(.badRequest, "The body cannot be read: \(error)")
            }
        default:
            throw Refusal(
                .notAcceptable,
                "The content type \(contentType.map { "\"\($0.prefix(100))\"" } ?? "is missing; it") is not read here. "
                    + "Send application/json or application/x-www-form-urlencoded.")
        }
    }

    /// A parameter's value, from the body or, where that has none, from the query; `nil` where there is none, or it is
    /// `null` or empty.
    func value(_ name: String) -> JSONText? {
        if let value = json?[name], !value.isNull { return value.string?.isEmpty == true ? nil : value }
        guard let pair = query.first(where: { $0.isNamed(name) }), !pair.value.isEmpty else { return nil }
        // What the type table makes is JSON, so nil never hides a value.
        return try? JSONText(validating: ParameterTypes.json(pair))
    }

    /// The text of a parameter; `nil` where there is none, or it is no string.
    func text(_ name: String) -> String? { value(name)?.string }

    /// Takes away parameters that are meant for this door and that nobody behind it is to see.
    mutating func remove(_ names: String...) {
        for name in names where json?[name] != nil {
            // What was an object stays one.
            json = json.flatMap { try? JSONObject($0.removing(name)) }
        }
    }

    /// The access token in the query, decoded where it can be. It is read before anything else is.
    static func accessToken(inQuery query: String?) -> String? {
        // A broken query is reported later, to those who may be here.
        guard let pairs = try? FormText.pairs(of: (query ?? "").utf8) else { return nil }
        return pairs.first { $0.isNamed("access_token") }?.value
    }

    private static func mediaType(_ contentType: String?) -> String {
        (contentType ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    }

    /// Whether a body begins as JSON does. No form that anybody sends begins like that.
    private static func beginsAsJSON(_ body: ByteBuffer) -> Bool {
        let first = body.readableBytesView.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func object(
        _ body: ByteBuffer, completedBy query: [FormText.Pair], remedy: String = ""
    ) throws(Refusal) -> JSONObject {
        do throws(JSONError) {
            let object = try JSONObject(body)
            guard let more = Self.object(of: query) else { return object }
            return try JSONObject(object.completed(by: more))
        } catch {
            throw Refusal(.badRequest, "The body is \(error). Send one JSON object in UTF-8.\(remedy)")
        }
    }

    private static func object(of pairs: [FormText.Pair]) -> JSONObject? {
        let pairs = pairs.filter { !$0.isNamed("access_token") }
        if pairs.isEmpty { return nil }
        var text = ByteBuffer()
        for (index, pair) in pairs.enumerated() {
            text.writeStaticString(index == 0 ? "{" : ",")
            text.writeJSONString(pair.name)
            text.writeStaticString(":")
            text.writeImmutableBuffer(ParameterTypes.json(pair))
        }
        text.writeStaticString("}")
        // We wrote it ourselves: it is an object.
        return try? JSONObject(text)
    }
}

extension FormText.Pair {
    /// Byte for byte: `==` on texts takes canonically equivalent ones for equal.
    func isNamed(_ name: String) -> Bool { self.name.utf8.elementsEqual(name.utf8) }
}
