import Bus

extension MessageBusError {
    /// What a failure means to the caller of the bus (reply codes: AMQP 0-9-1 §1.1).
    init(_ error: any Error, doing what: String, obstacle: String?) {
        switch error {
        case AMQPError.channelClosed(405, let text): self = .locked(QueueName(Self.quoted(in: text) ?? what))
        case AMQPError.channelClosed(406, let text) where text.contains("inequivalent arg") && text.contains("queue '"):
            self = .differs(QueueName(Self.quoted(after: "queue '", in: text) ?? what))
        case AMQPError.channelClosed(404, let text) where text.contains("no exchange '"):
            self = .noSuchExchange(Self.quoted(in: text) ?? what)
        case AMQPError.channelClosed(404, let text): self = .noSuchQueue(QueueName(Self.quoted(in: text) ?? what))
        case AMQPError.channelClosed(403, let text): self = .rejected("\(text). \(AMQPError.permissionRemedy)")
        case AMQPError.channelClosed(_, let text): self = .rejected(text)
        case AMQPError.unencodable(let reason): self = .rejected(reason)
        case is NoConnection: self = .unreachable(obstacle ?? "There is no connection to the broker.")
        default: self = .disconnected
        }
    }

    /// The first text between single quotes.
    private static func quoted(after start: String = "'", in text: String) -> String? {
        guard let begin = text.firstRange(of: start) else { return nil }
        let rest = text[begin.upperBound...]
        return rest.firstIndex(of: "'").map { String(rest[..<$0]) }
    }
}
