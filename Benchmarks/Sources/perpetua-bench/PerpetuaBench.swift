import ArgumentParser
import BenchEngine
import Foundation

/// Plays a bot and its clients, checks what arrives, and reports what it cost the server.
@main
struct PerpetuaBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perpetua-bench",
        abstract: "Plays a bot and its clients against a server, checks for loss, repeats and order, and measures.")

    enum Scenario: String, ExpressibleByArgument, CaseIterable { case events, actions, broadcast, connect }
    enum Dialect: String, ExpressibleByArgument, CaseIterable { case onebot, floor, nats, stomp, mqtt }

    @Argument(help: "What is done: events, actions, broadcast or connect.")
    var scenario: Scenario = .events

    @Option(help: "What the server speaks: onebot (Perpetua), floor, nats, stomp or mqtt.")
    var dialect: Dialect = .onebot

    @Option(help: "The server's IPv4 address.")
    var host = "127.0.0.1"

    @Option(
        name: .customLong("port"), help: "Its port; several: clients are spread over them, the bot takes the first.")
    var ports: [Int32] = [6700]

    @Option(help: "How many clients.")
    var clients = 100

    @Option(help: "Further clients that never read.")
    var sleepers = 0

    @Option(help: "Messages a second; 0: not paced.")
    var rate = 0.0

    @Option(help: "Messages outstanding (actions: of each client); 0: as many as the socket takes.")
    var window = 1

    @Option(help: "Bytes of one message.")
    var payload = 400

    @Option(help: "Messages that count (actions: of each client).")
    var messages: UInt64 = 2000

    @Option(help: "Messages before those.")
    var warmup: UInt64 = 200

    @Option(help: "Seconds for the whole run.")
    var limit = 120.0

    @Option(help: "Seconds to stay idle (connect).")
    var hold = 1.0

    @Option(help: "Where the bot, or publisher, connects.")
    var botPath = "/bot"

    @Option(help: "Where clients connect.")
    var clientPath = "/?client_status=none"

    @Option(help: "The access token.")
    var token: String?

    @Option(name: .customLong("pid"), help: "A process whose CPU time and memory are measured; may be repeated.")
    var pids: [Int32] = []

    @Flag(help: "One JSON object instead of a table.")
    var json = false

    func run() throws {
        let outcome = try Measurement(self)
        print(json ? outcome.json : outcome.table)
        guard outcome.isClean else { throw ExitCode.failure }
    }
}
