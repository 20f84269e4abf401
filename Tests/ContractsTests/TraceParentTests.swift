import Bus
import Contracts
import Observability
import Testing

@Suite("A chain of work, as W3C Trace Context writes it")
struct TraceParentTests {
    private let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("what was given is kept as it is")
    func kept() throws {
        let trace = try #require(TraceParent(text))
        #expect(trace.text == text)
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
    }

    @Test("a later version may say more; what this one knows is kept")
    func later() throws {
        #expect(TraceParent("01" + text.dropFirst(2) + "-more")?.text == "01" + text.dropFirst(2))
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", "群-", String(repeating: "0", count: 10_000),
        ])
    func none(text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test("one that is made is right, and none like it is made again")
    func made() {
        let made = (0..<10_000).map { _ in TraceParent.make() }
        #expect(made.allSatisfy { TraceParent($0.text) == $0 })
        #expect(Set(made.map(\.traceID)).count == made.count)
    }
}

@Suite("What every message carries")
struct MessagePropertiesTests {
    @Test("type, service, a message_id of its own, time, version and chain of work")
    func everything() throws {
        let first = MessageProperties("action", from: .edge)
        let second = MessageProperties("action", from: .edge)
        #expect(first.type == "action")
        #expect(first.appID == "ws-edge")
        #expect(first.contentType == "application/json")
        #expect(first.messageID != nil && first.messageID != second.messageID)
        #expect(try #require(first.timestamp) > 1_700_000_000)
        #expect(first.headers["x-perpetua-version"] == "1")
        #expect(first.trace != nil && first.trace != second.trace)
    }

    @Test("the chain of work is the one given, else the running task's")
    func trace() {
        let (given, current) = (TraceParent.make(), TraceParent.make())
        TraceParent.$current.withValue(current) {
            #expect(MessageProperties("a", from: nil).trace == current)
            #expect(MessageProperties("a", from: nil, trace: given).trace == given)
        }
        #expect(MessageProperties().trace == nil)
    }
}
