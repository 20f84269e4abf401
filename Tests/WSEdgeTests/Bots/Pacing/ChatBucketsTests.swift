import Actions
import NIOCore
import OneBot
import Testing

@testable import WSEdge

@Suite("ChatBuckets, and what a chat is")
struct ChatBucketsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func limit(_ rate: String, burst: Int = 1) throws -> PacingConfiguration.Limit {
        PacingConfiguration.Limit(try #require(PacingRate(rate)), burst: burst)
    }

    @Test("chats do not wait for each other, nor a user for the group of the same number")
    func apart() throws {
        var buckets = ChatBuckets(try limit("1/s"))
        buckets.take(PacedChat(.group, "1"), at: start)
        #expect(buckets.next(PacedChat(.group, "1")) == start + .seconds(1))
        #expect(buckets.next(PacedChat(.group, "2")) <= start)
        #expect(buckets.next(PacedChat(.user, "1")) <= start)
    }

    @Test("idle chats are forgotten: memory does not grow with the chats there ever were")
    func forgotten() throws {
        var buckets = ChatBuckets(try limit("1/s"))
        var largest = 0
        for second in 0..<1000 {
            for chat in 0..<10 {
                buckets.take(PacedChat(.user, "\(second)-\(chat)"), at: start + .seconds(Int64(second)))
            }
            largest = max(largest, buckets.count)
        }
        #expect(largest <= 64)
    }

    @Test("a chat that has to wait is not forgotten")
    func remembered() throws {
        var buckets = ChatBuckets(try limit("1/h"))
        buckets.take(PacedChat(.group, "kept"), at: start)
        for number in 0..<1000 { buckets.take(PacedChat(.user, "\(number)"), at: start) }
        #expect(buckets.next(PacedChat(.group, "kept")) == start + .hours(1))
        #expect(buckets.count == 1001)
    }

    @Test("at the bound those that are soonest full go, and never is there more")
    func bound() throws {
        var buckets = ChatBuckets(try limit("1/min"), maxCount: 100)
        for number in 0..<1000 {
            buckets.take(PacedChat(.user, "\(number)"), at: start + .milliseconds(Int64(number)))
            #expect(buckets.count <= 100)
        }
        #expect(buckets.next(PacedChat(.user, "999")) > start + .seconds(1))
        #expect(buckets.next(PacedChat(.user, "0")) <= start)
    }

    @Test(
        "the group, else the user, that the parameters name",
        arguments: [
            (#"{"group_id":7,"user_id":8}"#, PacedChat(.group, "7")), (#"{"user_id":"8"}"#, PacedChat(.user, "8")),
            (#"{"group_id":"7"}"#, PacedChat(.group, "7")), (#"{"group_id":null,"user_id":8}"#, PacedChat(.user, "8")),
            (#"{"group_id":0,"user_id":8}"#, PacedChat(.user, "8")),
            (#"{"group_id":"007"}"#, PacedChat(.group, "7")),
            (#"{"group_id":"00","user_id":"+8"}"#, PacedChat(.user, "8")),
            (#"{"group_id":"","user_id":8}"#, PacedChat(.user, "8")),
            (#"{"context":{"group_id":7,"user_id":8},"operation":{}}"#, PacedChat(.group, "7")),
            (#"{"group_id":"G-Å"}"#, PacedChat(.group, "G-Å")), ("{}", nil), (#"{"message":"hi"}"#, nil),
            (#"{"group_id":{},"user_id":[]}"#, nil), (#"{"context":7}"#, nil),
            (#"{"context":{"context":{"group_id":7}}}"#, nil),
        ])
    func chat(params: String, chat: PacedChat?) throws {
        #expect(PacedChat(try JSONObject(ByteBuffer(string: params))) == chat)
    }

    @Test("an id of absurd length is none")
    func longID() throws {
        let params = #"{"user_id":"\#(String(repeating: "9", count: 65))"}"#
        #expect(PacedChat(try JSONObject(ByteBuffer(string: params))) == nil)
        #expect(PacedChat(nil) == nil)
    }
}
