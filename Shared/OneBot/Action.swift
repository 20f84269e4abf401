public import NIOCore

/// A call: `{"action": string, "params": object?, "echo": any?}` (OneBot 11, WebSocket communication).
public struct Action: Sendable {
    public let name: String
    /// `nil` where it is absent or `null`, or where it is no object (`hasInvalidParameters`).
    public let params: JSONObject?
    /// True where `params` is there and neither an object nor `null`: a bot gets it untouched, an action of ours refuses it.
    public let hasInvalidParameters: Bool
    /// The echo's bytes as written; `nil` where there is none.
    public let echo: ByteBuffer?
    /// The whole frame, untouched.
    public let frame: ByteBuffer

    /// Why a frame is no action, with the echo it carried where one could be read, so that the asker knows which call failed.
    public struct ParsingError: Error, Sendable {
        public let message: String
        public let echo: ByteBuffer?

        public var response: ByteBuffer {
            Response.failed(.badRequest, message).encoded(echo: echo)
        }
    }

    public init(parsing frame: ByteBuffer) throws(ParsingError) { fatalError("unwritten") }

    /// An action that did not come as a frame (HTTP): `params` is the JSON of an object, or `nil`.
    public init(name: String, params: JSONObject?) { fatalError("unwritten") }
}
