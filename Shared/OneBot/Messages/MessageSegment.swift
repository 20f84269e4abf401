import NIOCore

/// One part of a message (OneBot 11, message/array.md): `{"type":"at","data":{"qq":"10001"}}`.
struct MessageSegment: Sendable, Hashable {
    struct Parameter: Sendable, Hashable {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    let type: String
    /// `data`, in order.
    let parameters: [Parameter]

    /// - Parameter parameters: where a name is repeated, the last one counts, as in most JSON parsers.
    init(type: String, _ parameters: [Parameter]) {
        self.type = type
        self.parameters = Self.withoutRepeats(parameters)
    }

    /// `nil` for anything but a segment, which needs a `type`, and whose `data`, if there is any, must be an object.
    ///
    /// A parameter is text: numbers and booleans become their text, lists and objects (a forwarded message's nodes)
    /// their JSON, and one that is `null` is left out.
    init?(_ json: JSONText) {
        guard let object = json.object, let type = object["type"]?.string, !type.isEmpty else { return nil }
        let data = object["data"]
        guard let data, !data.isNull else {
            self.init(type: type, [])
            return
        }
        guard let members = data.object else { return nil }
        self.init(
            type: type,
            zip(members.keys, members.members).compactMap { name, member in
                Self.text(of: members.value(of: member)).map { Parameter(name, $0) }
            })
    }

    static func text(_ text: String) -> Self { Self(type: "text", [Parameter("text", text)]) }

    /// The text of a segment of type `text`; `nil` for any other.
    var plainText: String? {
        guard type.utf8.elementsEqual("text".utf8) else { return nil }
        return parameters.last { $0.name.utf8.elementsEqual("text".utf8) }?.value ?? ""
    }

    func write(to json: inout ByteBuffer) {
        json.writeStaticString(#"{"type":"#)
        json.writeJSONString(type)
        json.writeStaticString(#","data":{"#)
        for (place, parameter) in parameters.enumerated() {
            if place > 0 { json.writeInteger(UInt8(ascii: ",")) }
            json.writeJSONString(parameter.name)
            json.writeInteger(UInt8(ascii: ":"))
            json.writeJSONString(parameter.value)
        }
        json.writeStaticString("}}")
    }

    private static func text(of value: JSONText) -> String? {
        switch value.kind {
        case .string: value.string
        case .number, .boolean, .array, .object: String(buffer: value.bytes)
        case .null: nil
        }
    }

    /// Names are compared byte for byte.
    private static func withoutRepeats(_ parameters: [Parameter]) -> [Parameter] {
        guard parameters.count > 1 else { return parameters }
        var seen: Set<[UInt8]> = []
        return parameters.reversed().filter { seen.insert(Array($0.name.utf8)).inserted }.reversed()
    }
}
