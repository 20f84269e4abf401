import Bus
import Contracts
import NIOCore
import NIOHTTP1
import OneBot
import Synchronization
import TestSupport
import Testing

@testable import APIGateway
@testable import Actions

@Suite("A bot's answers in parts over HTTP", .timeLimit(.minutes(1))) struct StreamedAnswersTests {
    private static let info = #"{"status":"ok","retcode":0,"data":{"type":"stream","data_type":"file_info"}}"#
    private static let chunk = #"{"status":"ok","retcode":0,"data":{"type":"stream","data_type":"file_chunk"}}"#
    private static let last = #"{"status":"ok","retcode":0,"data":{"type":"response"}}"#

    private func ask(
        _ settings: [(key: String, value: String)] = [],
        _ answer: @escaping @Sendable (BusResponder, Delivery) async throws -> Void,
        _ check: @escaping @Sendable (FakeHTTP.Answer) throws -> Void
    ) async throws {
        try await GatewayHarness.run(settings) { gateway async throws in
            let bot = try await BusResponder.bot(SelfID(10001), at: gateway.broker) { _ in nil }
            async let response = gateway.get("/download_file_stream?file=a")
            let request = try await bot.delivery()
            try await answer(bot, request)
            try check(try await response)
        }
    }

    @Test("each is written as it comes, an empty line behind it, in a chunked body of status 200")
    func parts() async throws {
        try await ask { bot, request in
            bot.reply(to: request, ByteBuffer(string: Self.info), part: .more)
            bot.reply(to: request, ByteBuffer(string: Self.chunk), part: .more)
            bot.reply(to: request, ByteBuffer(string: Self.chunk), part: .more)
            bot.reply(to: request, ByteBuffer(string: Self.last), part: .last)
        } _: { answer in
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "transfer-encoding") == "chunked")
            #expect(answer.headers.first(name: "content-type") == "application/json")
            #expect(
                answer.body == [Self.info, Self.chunk, Self.chunk, Self.last].map { $0 + "\r\n\r\n" }.joined())
        }
    }

    @Test("a body that is not even begun, its caller being gone, ends the question; copies of it do not end it before")
    func unwritten() {
        final class Ends: Sendable { let count = Mutex(0) }
        let ends = Ends()
        let answers = BotAnswers(
            action: "download_file_stream", bot: SelfID(1), parts: AnswerParts(maxBytes: 1, maxAge: .seconds(1)),
            end: { ends.count.withLock { $0 += 1 } })
        var replies: [OneBotReply] = [
            OneBotReply(
                status: 200, body: ByteBuffer(), rest: StreamedAnswers(answers: answers, patience: .seconds(1)))
        ]
        replies.append(replies[0])
        replies.removeFirst()
        #expect(ends.count.withLock { $0 } == 0)
        replies.removeFirst()
        #expect(ends.count.withLock { $0 } == 1)
    }

    @Test("one answer has its length and its status, also where it is marked as the last")
    func one() async throws {
        try await ask { bot, request in
            bot.reply(to: request, ByteBuffer(string: #"{"status":"failed","retcode":1404}"#), part: .last)
        } _: { answer in
            #expect(answer.status == 404)
            #expect(answer.headers.first(name: "transfer-encoding") == nil)
            #expect(answer.body == #"{"status":"failed","retcode":1404}"#)
        }
    }

    @Test("a bot that stops in between: the body ends with 1504")
    func deadline() async throws {
        try await ask([("action_timeouts", "*_stream=100ms")]) { bot, request in
            bot.reply(to: request, ByteBuffer(string: Self.info), part: .more)
        } _: { answer in
            #expect(answer.status == 200)
            let frames = answer.body.split(separator: "\r\n\r\n").map { String($0) }
            #expect(frames.count == 2)
            #expect(frames.first == Self.info)
            let last = frames.last.flatMap { try? JSONObject(ByteBuffer(string: $0)) }
            #expect(last?["retcode"]?.int64 == 1504)
        }
    }
}
