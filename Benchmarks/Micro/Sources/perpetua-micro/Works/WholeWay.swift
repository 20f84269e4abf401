import NIOCore

@testable import WSEdge

/// The whole way between two sockets of one process, without the sockets and their frames: the parts that ``Routing``,
/// ``InMemory``, ``Echoes`` and ``Parsing`` measure, and everything between them.
enum WholeWay {
    static let all = [
        Benchmark(
            name: "event-to-1", title: "an event from the bot's connection over the bus to 1 client's", count: 1000
        ) {
            let edge = try await EdgeParts.make(clients: 1)
            let bot = try await BotParts.make(at: edge)
            return .turns(
                Turns(on: edge.eventLoop) {
                    edge.arrivals.expect(1)
                    bot.says(Frames.event)
                } hasEnded: {
                    edge.arrivals.areComplete
                })
        },
        Benchmark(
            name: "action-and-answer", title: "an action from a client's connection to the bot's, and its answer",
            count: 1000
        ) {
            let edge = try await EdgeParts.make(clients: 1)
            let bot = try await BotParts.make(at: edge)
            return .turns(
                Turns(on: edge.eventLoop) {
                    edge.arrivals.expect(1)
                    edge.sessions[0].received(text: Frames.action)
                } hasEnded: {
                    if bot.hasAction { bot.answer() }
                    return edge.arrivals.areComplete
                })
        },
    ]
}
