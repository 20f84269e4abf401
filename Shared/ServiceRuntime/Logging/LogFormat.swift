/// How a line of the log looks.
enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-11-23T21:38:34.123Z info     Listening port.number=6700`
    case text
    /// `{"time":"…","level":"info","logger":"perpetua","message":"Listening","port.number":"6700"}`
    case json
}
