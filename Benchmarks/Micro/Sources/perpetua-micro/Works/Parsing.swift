import NIOCore

@testable import OneBot

/// Reading frames, byte by byte.
enum Parsing {
    static let all = [
        Benchmark(name: "scan-event", title: "scan a bot's group message of 400 bytes", count: 10_000) {
            let frame = Frames.event
            guard case .event(let event) = BotFrame(parsing: frame), event.detailType == "group" else {
                throw BenchmarkFailure("The event is none.")
            }
            return .calls { count in for _ in 0..<count { keep(BotFrame(parsing: frame)) } }
        },
        Benchmark(name: "scan-response", title: "scan a bot's answer", count: 10_000) {
            let frame = Frames.response(echo: #""p-1""#)
            guard case .response = BotFrame(parsing: frame) else { throw BenchmarkFailure("The answer is none.") }
            return .calls { count in for _ in 0..<count { keep(BotFrame(parsing: frame)) } }
        },
        Benchmark(name: "parse-action", title: "parse a client's action", count: 10_000) {
            let frame = Frames.action
            return .calls { count in for _ in 0..<count { keep(try Action(parsing: frame)) } }
        },
    ]
}
