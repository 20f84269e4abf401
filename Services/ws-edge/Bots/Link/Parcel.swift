import Bus

/// A message of a bot's link on its way to the bus: everything it takes to publish it, once or again.
struct Parcel: Sendable {
    /// What it carries, and so what its refusal by the bus means.
    enum Content: Sendable {
        case event
        /// Says that an event is missing.
        case gap
        case answer(EchoTable.Asker)
        /// One of several answers, with more to come: the number of our token.
        case part(EchoTable.Asker, UInt64)
        /// Says that the answer could not be sent. Where this is refused in its turn, nothing is left to say.
        case apology
    }

    var message: Message
    let exchange: Exchange
    let key: RoutingKey
    let content: Content

    /// Whether we want to hear that nobody is there to take it.
    var isMandatory: Bool {
        switch content {
        case .part: true
        case .event, .gap, .answer, .apology: false
        }
    }

    var isEvent: Bool {
        switch content {
        case .event, .gap: true
        case .answer, .part, .apology: false
        }
    }
}
