import Actions
import Hummingbird
import HummingbirdCore
import NIOCore

/// A bot's answers in parts, as they leave by HTTP: one after another in a chunked body, an empty line behind each, as NapCat writes them itself.
struct StreamedAnswers: Sendable {
    let answers: BotAnswers
    /// A caller that takes nothing for so long is hung up on. Until its bound it is told, so this is longer.
    let patience: TimeAmount
    /// Hears the last one.
    let ended: @Sendable (ByteBuffer) -> Void

    func write(after first: ByteBuffer, to writer: inout any ResponseBodyWriter, of channel: any Channel) async throws {
        do {
            var answer = BotAnswers.Answer(body: first, isFollowed: true)
            while true {
                try await write(answer.body, to: &writer, of: channel)
                guard answer.isFollowed else { break }
                answer = await answers.next()
            }
            ended(answer.body)
            try await writer.finish(nil)
        } catch {
            // The caller is gone.
            answers.cancel()
            throw error
        }
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
