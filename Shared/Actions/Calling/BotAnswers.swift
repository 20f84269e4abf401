import Bus
import Metrics
public import NIOCore
import Observability
import OneBot

/// A bot's answers to one action: nearly always one, several where the bot answers in parts. For one reader.
public struct BotAnswers: Sendable {
    public struct Answer: Sendable {
        /// As the bot sent it (without an echo), or a `failed` one of ours.
        public let body: ByteBuffer
        /// Whether others follow.
        public let isFollowed: Bool

        public init(body: ByteBuffer, isFollowed: Bool) {
            self.body = body
            self.isFollowed = isFollowed
        }
    }

    let action: String
    let bot: SelfID
    let parts: AnswerParts
    let end: @Sendable () -> Void

    /// The next one, waiting for it. Not to be called again after one that is not followed.
    public func next() async -> Answer {
        switch await parts.next() {
        case .part(let message): Answer(body: message.body, isFollowed: true)
        case .last(let message): Answer(body: message.body, isFollowed: false)
        case .failed(let error):
            Answer(
                body: BotActionCaller.response(to: error, action: action, bot: bot).encoded(echo: nil),
                isFollowed: false)
        case .fellBehind: cut()
        }
    }

    private func cut() -> Answer {
        MetricNames.answersCut.counter().increment()
        return Answer(
            body: Response.failed(
                .answerTooLarge,
                "\(action): you take the answer's parts more slowly than the bot sends them, and the rest was dropped. "
                    + "Read faster, or have edge.outbound_bytes and edge.outbound_age raised."
            ).encoded(echo: nil), isFollowed: false)
    }

    /// The rest is not wanted any more.
    public func cancel() { end() }
}
