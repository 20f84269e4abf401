public import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A call: `{"action": string, "params": object?, "echo": any?}` (OneBot 11, WebSocket communication).
public struct Action: Sendable {
    public let name: String
    /// The bytes of `params` where it is an object.
    private let object: ByteBuffer?
    /// Whether `params` is something other than an object or `null`: a bot gets it untouched, one of our own actions
    /// refuses it.
    public let hasInvalidParameters: Bool
    /// The echo's bytes as written; `nil` where there is none.
    public let echo: ByteBuffer?
    /// The whole frame, untouched except that a byte order mark is removed.
    public let frame: ByteBuffer

    /// Why a frame is not an action, with its echo where one could be read, so that the asker knows which call failed.
    public struct ParsingError: Error, Sendable {
        public let message: String
        public let echo: ByteBuffer?

        public var response: ByteBuffer {
            Response.failed(.badRequest, message).encoded(echo: echo)
        }
    }

    /// Reads a frame with a string `action`.
    public init(parsing frame: ByteBuffer) throws(ParsingError) {
        let json: JSONObject
        do {
            json = try JSONObject(frame)
        } catch {
            throw ParsingError(message: "The frame is \(error).", echo: Self.salvagedEcho(of: frame, error))
        }
        let members = RoutingMembers(of: json)
        let echo = members[.echo].map { json.value(of: $0).bytes }
        guard let action = members[.action] else {
            throw ParsingError(message: "The frame has no `action`.", echo: echo)
        }
        guard let name = json.string(of: action) else {
            throw ParsingError(message: "`action` must be a string.", echo: echo)
        }
        let params = members[.params].map { json.value(of: $0) }
        self.name = name
        object = params?.kind == .object ? params?.bytes : nil
        hasInvalidParameters = params.map { $0.kind != .object && $0.kind != .null } ?? false
        self.echo = echo
        self.frame = json.bytes
    }

    /// An action that did not come as a frame (HTTP): `params` is the JSON of an object, or `nil`. Without parameters
    /// the frame has an empty object, for bots that rely on `params`.
    public init(name: String, params: JSONObject?) {
        var writer = JSONObjectWriter(capacity: (params?.bytes.readableBytes ?? 0) + name.utf8.count + 32)
        writer.add("action", name)
        writer.add("params", json: params?.bytes ?? ByteBuffer(staticString: "{}"))
        self.name = name
        object = params?.bytes
        hasInvalidParameters = false
        echo = nil
        frame = writer.finish()
    }

    /// `nil` where it is absent or `null`, or where it is not an object (``hasInvalidParameters``). It is parsed at
    /// each call: most actions are passed on without that.
    public var params: JSONObject? {
        // `try?`: it was checked as part of the frame.
        object.flatMap { try? JSONObject($0) }
    }

    /// `params.self_id`. Hardly any action has it, so the parameters are parsed only where their bytes may contain it.
    public var selfID: JSONText? { object.flatMap(Self.selfID(inParameters:)) }

    /// The same for a frame that was only read as an object.
    public static func selfID(in frame: JSONObject) -> JSONText? {
        frame["params"].flatMap { $0.kind == .object ? selfID(inParameters: $0.bytes) : nil }
    }

    private static func selfID(inParameters object: ByteBuffer) -> JSONText? {
        guard object.withUnsafeReadableBytes(mayHoldSelfID) else { return nil }
        // `try?`: it was checked as part of the frame.
        return (try? JSONObject(object))?["self_id"]
    }

    /// Whether there may be a member of that name. If it is spelt with escapes, one of them is of an ASCII character
    /// (`\u0073elf_id`).
    private static func mayHoldSelfID(_ bytes: UnsafeRawBufferPointer) -> Bool {
        holds("\"self_id\"", markedBy: 5, in: bytes) || holds("\\u00", markedBy: 0, in: bytes)
    }

    /// - Parameter mark: the place in the text of a byte that is rare elsewhere: that byte is searched for.
    private static func holds(
        _ text: StaticString, markedBy mark: Int, in bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard let start = bytes.baseAddress, bytes.count >= text.utf8CodeUnitCount else { return false }
        var place = mark
        let end = bytes.count - text.utf8CodeUnitCount + mark + 1
        while place < end, let found = memchr(start + place, Int32(text.utf8Start[mark]), end - place) {
            let beginning = UnsafeRawPointer(found) - mark
            if memcmp(beginning, text.utf8Start, text.utf8CodeUnitCount) == 0 { return true }
            place = UnsafeRawPointer(found) - start + 1
        }
        return false
    }

    /// The echo of a frame, whether it is an action or not, as far as one can be found.
    public static func echo(of frame: ByteBuffer) -> ByteBuffer? {
        do {
            return try JSONObject(frame)["echo"]?.bytes
        } catch {
            return salvagedEcho(of: frame, error)
        }
    }

    private static func salvagedEcho(of frame: ByteBuffer, _ error: JSONError) -> ByteBuffer? {
        switch error {
        case .notAnObject: nil
        case .invalid: UnreadableFrame(.invalid(error.description), head: frame).echo
        }
    }
}
