import NIOCore

/// What a bot does wrong when it answers. Nothing, unless told otherwise.
public struct Misbehaviour: Sendable, Hashable {
    /// Answers nothing.
    public var isSilent = false
    /// Sends every answer twice.
    public var answersTwice = false
    /// Answers this much later.
    public var delay: Duration = .zero
    /// Sends frames that are not OneBot before every answer.
    public var sendsNonsense = false
    /// Before every answer, sends an answer to an action nobody sent.
    public var answersUnasked = false
    /// Closes the connection instead of answering.
    public var dropsLink = false

    public init() {}

    /// The names `--misbehave` takes.
    public static let kinds = ["silent", "answer_twice", "slow", "nonsense", "unknown_echo", "drop"]

    /// Adds one of ``kinds``; `false` for any other text.
    public mutating func add(kind: String) -> Bool {
        switch kind {
        case "silent": isSilent = true
        case "answer_twice": answersTwice = true
        case "slow": delay = .seconds(2)
        case "nonsense": sendsNonsense = true
        case "unknown_echo": answersUnasked = true
        case "drop": dropsLink = true
        case _: return false
        }
        return true
    }

    /// What happens in place of sending `response`.
    func plan(for response: ByteBuffer) -> Plan {
        var frames: [ByteBuffer] = []
        if sendsNonsense { frames += Self.nonsense.map { ByteBuffer(string: $0) } }
        if answersUnasked {
            frames.append(ByteBuffer(string: #"{"status":"ok","retcode":0,"data":null,"echo":"nobody asked"}"#))
        }
        if !isSilent && !dropsLink {
            frames.append(response)
            if answersTwice { frames.append(response) }
        }
        return Plan(delay: delay, frames: frames, dropsLink: dropsLink)
    }

    struct Plan: Sendable, Hashable {
        let delay: Duration
        let frames: [ByteBuffer]
        /// Whether the connection is closed after the frames.
        let dropsLink: Bool
    }

    private static let nonsense = [
        "not JSON", "[]", "null", "{}", "{\"post_type\":", "{\"post_type\":7,\"echo\":{}}", "42",
    ]
}
