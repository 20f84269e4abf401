import NIOCore
public import OneBot

/// An action as it reached the bot, for tests to look at.
public struct ReceivedAction: Sendable {
    public let action: Action
    /// What the connection it came on carries.
    public let role: ClientRole

    public var name: String { action.name }
    public var params: JSONObject? { action.params }
    /// The echo's JSON as written; `nil` where there is none.
    public var echo: String? { action.echo.map { String(buffer: $0) } }
    /// The whole frame's text.
    public var text: String { String(buffer: action.frame) }
}

/// What a script makes of an action.
public enum ScriptedAnswer: Sendable {
    /// What a well-behaved bot answers.
    case standard
    /// Nothing.
    case none
    /// That response, with the action's echo.
    case response(Response)
    /// A JSON object, sent byte for byte but for `echo`, which is set to the action's (or left out where there is none).
    case json(String)
    /// Frames sent exactly as they are, none to many.
    case frames([String])
}
