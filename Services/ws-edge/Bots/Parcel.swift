import Bus

/// A message of a bot's link on its way to the bus: everything it takes to publish it, once or again.
struct Parcel: Sendable {
    /// What it carries, and so what its refusal by the bus means.
    enum Content: Sendable {
        case event
        /// Says that an event is missing.
        case gap
        case answer(EchoTable.Asker)
        /// Says that the answer could not be sent: refused in its turn, nothing is left to say.
        case apology
    }

    var message: Message
    let exchange: Exchange
    let key: RoutingKey
    let content: Content

    var isEvent: Bool {
        switch content {
        case .event, .gap: true
        case .answer, .apology: false
        }
    }
}
