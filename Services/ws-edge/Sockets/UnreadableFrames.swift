import Actions
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// What becomes of frames that cannot be read, or were not kept: whoever sent them, or waits for them, is told in these
/// words.
extension UnreadableFrame {
    init(_ message: DiscardedMessage, limit: Int) {
        let cause: Cause =
            switch message.reason {
            case .tooLarge: .tooLarge(limit: limit)
            case .brokenText, .notText: .notUTF8
            case .noRoom: .noRoom
            case .tooSlow: .tooSlow
            }
        guard message.head.readableBytes + message.tail.readableBytes == message.byteCount else {
            self.init(cause, head: message.head, tail: message.tail, echo: message.member)
            return
        }
        // Nothing is missing between the two.
        var whole = message.head
        whole.writeImmutableBuffer(message.tail)
        self.init(cause, head: whole, echo: message.member)
    }
}

extension UnreadableFrame.Cause {
    /// Whose frames they are.
    enum Sender: String, Sendable { case bot, client }

    var inWords: String {
        switch self {
        case .invalid(let reason): reason
        case .notUTF8: "it is not UTF-8"
        case .tooLarge(let limit): "it has more than \(limit) bytes (max_message_size)"
        case .noRoom: "too much is arriving at once (edge.inbound_budget)"
        case .tooSlow: "it came too slowly"
        }
    }

    /// The response for whoever waits for a bot's answer of which we know only that there was one.
    func answer(to action: String, of bot: SelfID) -> Response {
        let sentence =
            "The answer of bot \(bot) to \(action) cannot be passed on: \(inWords). It may have been carried out."
        return switch self {
        case .invalid, .notUTF8: .failed(.unreadableAnswer, sentence)
        case .tooLarge: .failed(.answerTooLarge, sentence)
        case .noRoom, .tooSlow: .failed(.unavailable(.unknown), sentence)
        }
    }

    /// The response for the client whose action it was.
    var refusal: Response {
        switch self {
        case .invalid, .notUTF8: .failed(.badRequest, "The frame cannot be read: \(inWords). It was not carried out.")
        case .tooLarge: .failed(.tooLarge, "The frame was not taken: \(inWords). Send less at once.")
        case .noRoom, .tooSlow: .failed(.unavailable(.no()), "The frame was not taken: \(inWords). Try again.")
        }
    }

    /// It happens so seldom that the handle is looked up each time.
    func count(from sender: Sender) { Self.counter(sender, reason).increment() }

    /// Makes every counter, so that all are on the metrics page from the start. A client's frame that is no JSON is not
    /// discarded: it is answered.
    static func makeCounters() {
        for reason in Reason.allCases {
            _ = counter(.bot, reason)
            if reason != .notJSON { _ = counter(.client, reason) }
        }
    }

    private static func counter(_ sender: Sender, _ reason: Reason) -> Counter {
        MetricNames.messagesDiscarded.counter(sender.rawValue, reason.rawValue)
    }

    private enum Reason: String, CaseIterable {
        case notJSON = "not_json"
        case notUTF8 = "not_utf8"
        case tooLarge = "too_large"
        case noRoom = "no_room"
        case tooSlow = "too_slow"
    }

    private var reason: Reason {
        switch self {
        case .invalid: .notJSON
        case .notUTF8: .notUTF8
        case .tooLarge: .tooLarge
        case .noRoom: .noRoom
        case .tooSlow: .tooSlow
        }
    }
}

extension InboundBudget {
    func room(for share: Share) -> InboundRoom {
        InboundRoom(
            take: { [self] more, held in take(more, beside: held, for: share) }, give: { [self] in give($0) })
    }
}
