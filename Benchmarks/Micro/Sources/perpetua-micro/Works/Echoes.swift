import Bus
import NIOCore

@testable import OneBot
@testable import WSEdge

/// An action's echo on its way down and back up.
enum Echoes {
    static let all = [
        Benchmark(
            name: "echo-there-and-back", title: "replace an action's echo by ours, and restore it in the answer",
            count: 2000
        ) {
            let action = try JSONObject(Frames.action)
            guard case .response(let response) = BotFrame(parsing: Frames.response(echo: #""p-1""#)) else {
                throw BenchmarkFailure("The answer is none.")
            }
            // The frame's echo is last, so that our token stands between its start and the closing brace.
            let start = Frames.action.readableBytes - #""6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}"#.utf8.count
            var table = EchoTable(bot: Frames.bot)
            return .calls { count in
                for _ in 0..<count {
                    let frame = table.replace(
                        echoOf: action, action: "send_group_msg", replyTo: "perpetua.edge.e1.a",
                        correlationID: "c1.1", timeout: .seconds(60), at: .now())
                    let token = frame.getSlice(at: start, length: frame.readableBytes - start - 1)
                    let answer = table.restore(
                        BotResponse(json: response.json, echo: token, retcode: 0, isFollowed: false))
                    guard let answer else { throw BenchmarkFailure("An echo did not come back.") }
                    keep(answer)
                }
            }
        }
    ]
}
