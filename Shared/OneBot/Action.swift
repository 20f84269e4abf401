public import NIOCore

/// A call: `{"action": string, "params": object?, "echo": any?}` (OneBot 11, WebSocket communication).
public struct Action: Sendable {
    public let name: String
    /// The bytes of `params` where it is an object.
    private let object: ByteBuffer?
    /// True where `params` is there and neither an object nor `null`: a bot gets it untouched, an action of ours refuses it.
    public let hasInvalidParameters: Bool
    /// The echo's bytes as written; `nil` where there is none.
    public let echo: ByteBuffer?
    /// The whole frame, untouched but for a byte order mark, which goes.
    public let frame: ByteBuffer

    /// Why a frame is no action, with the echo it carried where one could be read, so that the asker knows which call failed.
    public struct ParsingError: Error, Sendable {
        public let message: String
        public let echo: ByteBuffer?

        public var response: ByteBuffer {
            Response.failed(.badRequest, message).encoded(echo: echo)
        }
    }

    /// Reads a frame with a string `action`.
    public init(parsing frame: ByteBuffer) throws(ParsingError) {
        var readBeforeError: [FrameScanner.Child] = []
        let json: JSONObject
        do {
            json = try JSONObject(frame, membersReadBeforeError: &readBeforeError)
        } catch {
            let echo = Self.echo(among: readBeforeError, of: frame.withoutByteOrderMark)
            throw ParsingError(message: "The frame is \(error).", echo: echo)
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

    /// An action that did not come as a frame (HTTP): `params` is the JSON of an object, or `nil`. The frame has an empty
    /// object in its place then, for bots that take `params` for granted.
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

    /// `nil` where it is absent or `null`, or where it is no object (``hasInvalidParameters``). Read each time somebody asks: most actions are
    /// passed on without.
    public var params: JSONObject? {
        // `try?`: it was checked as part of the frame.
        object.flatMap { try? JSONObject($0) }
    }

    /// The echo of a frame that breaks off behind it.
    private static func echo(among members: [FrameScanner.Child], of text: ByteBuffer) -> ByteBuffer? {
        let echo = text.withUnsafeReadableBytes { pointer in members.last { $0.isNamed("echo", in: pointer) } }
        return echo.map { JSONText(slice: $0.value, of: text).bytes }
    }
}
