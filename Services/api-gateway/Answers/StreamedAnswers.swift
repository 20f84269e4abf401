import Actions
import Hummingbird
import HummingbirdCore
import NIOCore

/// A bot's answers in parts, as they leave by HTTP: one after another in a chunked body, each followed by an empty
/// line, as NapCat itself writes them.
struct StreamedAnswers: Sendable {
    private let question: Question
    private var answers: BotAnswers { question.answers }
    /// How long a caller may take nothing before we close its connection. It is longer than the limit after which the
    /// caller is told that it is too slow, so that the caller can still read that.
    let patience: TimeAmount
    /// Called with the last answer.
    var ended: @Sendable (ByteBuffer) -> Void = { _ in }

    /// Cancels the answers when nobody holds it any more: where the caller is gone before the head is written, the body
    /// is never begun.
    private final class Question: Sendable {
        let answers: BotAnswers

        init(_ answers: BotAnswers) { self.answers = answers }

        deinit { answers.cancel() }
    }

    init(answers: BotAnswers, patience: TimeAmount) {
        question = Question(answers)
        self.patience = patience
    }

    func write(after first: ByteBuffer, to writer: inout any ResponseBodyWriter, of channel: any Channel) async throws {
        // Whichever way it ends, the rest is not wanted any more.
        defer { answers.cancel() }
        var answer = BotAnswers.Answer(body: first, isFollowed: true)
        while true {
            try await write(answer.body, to: &writer, of: channel)
            guard answer.isFollowed else { break }
            answer = await answers.next()
        }
        ended(answer.body)
        try await writer.finish(nil)
    }

    private func write(_ body: ByteBuffer, to writer: inout any ResponseBodyWriter, of channel: any Channel)
        async throws
    {
        let stalled = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { stalled.cancel() }
        var text = body
        text.writeStaticString("\r\n\r\n")
        try await writer.write(text)
    }
}
