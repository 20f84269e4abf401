import OneBot

/// What an action led to.
struct BotAnswer: Sendable {
    var response: Response
    /// The group in which somebody says "pong", because the account said "ping" there.
    var pongIn: Group?

    init(_ response: Response, pongIn: Group? = nil) {
        self.response = response
        self.pongIn = pongIn
    }
}
