import NIOCore
public import OneBot

/// An action as it reached the bot, for tests to look at.
public struct ReceivedAction: Sendable {
    public let action: Action
    /// The role of the connection it came on.
    public let role: ClientRole

    public var name: String { action.name }
    public var params: JSONObject? { action.params }
    /// The echo's JSON as written; `nil` where there is none.
    public var echo: String? { action.echo.map { String(buffer: $0) } }
    /// The whole frame's text.
    public var text: String { String(buffer: action.frame) }
}

/// How a script answers an action.
public enum ScriptedAnswer: Sendable {
    /// What a well-behaved bot answers.
    case standard
    /// Nothing.
    case none
    /// This response, with the action's echo.
    case response(Response)
    /// This JSON object, byte for byte, except that `echo` is set to the action's (or left out where it has none).
    case json(String)
    /// Frames sent exactly as they are, none to many.
    case frames([String])
}
