import Bus
import Contracts
import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("EchoTable: answers in parts")
struct EchoTablePartsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var table = EchoTable(bot: SelfID(10001))

    private static let part =
        #"{"status":"ok","data":{"type":"stream","data_type":"file_chunk","data":"QQ=="},"echo":"p-1","stream":"stream-action"}"#
    private static let last =
        #"{"status":"ok","data":{"type":"response"},"echo":"p-1","stream":"stream-action"}"#

    private mutating func send(echo: String = "[1.0]", replyTo: QueueName? = "inbox") throws {
        let frame = try JSONObject(ByteBuffer(string: #"{"action":"download_file_stream","echo":\#(echo)}"#))
        _ = table.replace(
            echoOf: frame, action: "download_file_stream", replyTo: replyTo, correlationID: "c1",
            timeout: .seconds(60), at: start)
    }

    private mutating func answer(_ text: String, at now: NIODeadline) throws -> EchoTable.Answer? {
        guard case .response(let response) = BotFrame(parsing: ByteBuffer(string: text)) else { return nil }
        return response.isFollowed ? table.restorePart(response, at: now) : table.restore(response)
    }

    @Test("after a part, one that cannot be read is the last and says that it is; an only one says nothing")
    mutating func unreadable() throws {
        for isBegun in [true, false] {
            try send()
            let token = isBegun ? "p-1" : "p-2"
            if isBegun { _ = try answer(Self.part, at: start) }
            let broken = ByteBuffer(string: #"{"status":"ok","data":{"type":],"echo":"\#(token)"}"#)
            let salvaged = table.fail(UnreadableFrame(.invalid("x"), head: broken)) { _ in
                .failed(.unavailable(.unknown), "x")
            }
            guard case .answer(let answer) = salvaged else {
                Issue.record("\(salvaged)")
                return
            }
            #expect(answer.part == (isBegun ? .last : nil))
        }
    }

    @Test("every part has the asker's echo, and the last one says that it is")
    mutating func parts() throws {
        try send()
        for _ in 1...3 {
            let restored = try answer(Self.part, at: start)
            let part = try #require(restored)
            #expect(part.part == .more)
            #expect(String(buffer: part.body) == Self.part.replacing(#""p-1""#, with: "[1.0]"))
            #expect(part.asker.correlationID == "c1")
            #expect(table.count == 1)
        }
        let ending = try answer(Self.last, at: start)
        let last = try #require(ending)
        #expect(last.part == .last)
        #expect(String(buffer: last.body) == Self.last.replacing(#""p-1""#, with: "[1.0]"))
        #expect(table.count == 0)
        let after = try answer(Self.part, at: start)
        #expect(after == nil)
        #expect(table.unmatched == 1)
    }

    @Test("a last one that is the only one is an answer like any other")
    mutating func onlyOne() throws {
        try send()
        let last = try answer(Self.last, at: start)
        #expect(last != nil)
        #expect(last?.part == nil)
    }

    @Test("each part puts the deadline off; then 1504, and it is the last")
    mutating func deadline() throws {
        try send()
        _ = try answer(Self.part, at: start + .seconds(59))
        let early = table.expire(at: start + .seconds(60))
        #expect(early.isEmpty)
        #expect(table.nextDeadline == start + .seconds(119))
        let expired = table.expire(at: start + .seconds(119))
        let late = try #require(expired.first)
        #expect(late.part == .last)
        let answer = try JSONObject(late.body)
        #expect(answer["retcode"]?.int64 == 1504)
        #expect(answer["echo"].map { String(buffer: $0.bytes) } == "[1.0]")
        #expect(answer["msg"]?.string?.contains("no more of its answer") == true)
    }

    @Test("with the link lost it fails, and that is the last")
    mutating func linkLoss() throws {
        try send()
        _ = try answer(Self.part, at: start)
        let all = table.failAll()
        let lost = try #require(all.first)
        #expect(lost.part == .last)
        #expect(try JSONObject(lost.body)["retcode"]?.int64 == 1503)
    }

    @Test("with the asker gone the rest goes to nobody, and is not taken for something unknown")
    mutating func forgotten() throws {
        try send()
        let part = try answer(Self.part, at: start)
        let token = try #require(part?.token)
        table.forget(token)
        for frame in [Self.part, Self.last] {
            let answer = try answer(frame, at: start)
            #expect(answer != nil)
            #expect(answer?.asker.replyTo == nil)
            #expect(answer?.asker.purpose == .gone)
        }
        #expect(table.unmatched == 0)
        #expect(table.count == 0)
        #expect(!table.isFull)
        table.forget(token)
    }
}
