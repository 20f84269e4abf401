import Bus
import Logging
import NIOCore
import NIOHTTP1
import Observability
import OneBot
import Synchronization
import WebSocketTransport

/// Keeps one connection to an address of `bots[entry]`: dials, waits for its end, dials again, for ever, one attempt at
/// a time.
struct BotDialer: Sendable {
    let entry: Int
    let url: String
    let accessToken: String?
    /// We run its program, and start that as we begin to dial.
    let isStarted: Bool
    let options: WebSocketOptions
    let eventLoop: any EventLoop
    let timing: BotTiming
    let logger: Logger
    /// Makes the connection ours: on the event loop, before any frame is read.
    let accepted: @Sendable (WebSocketConnection) -> BotConnection
    /// Whether that bot is connected, however it came.
    let isConnected: @Sendable (SelfID) -> Bool

    /// Runs until the task is cancelled; a connection is then closed with 1001.
    func run() async {
        var log = DialLog(entry: entry, isStarted: isStarted, logger: logger)
        var pace = RedialPace(timing.redial)
        let pause = Alarm(eventLoop: eventLoop)
        while !Task.isCancelled {
            let delay = pace.next()
            do {
                let ending = try await connection(log: &log)
                log.ended(ending, next: delay)
                if ending.displacement != nil, let bot = ending.selfID { await leaveAlone(bot, pause, &pace) }
            } catch {
                if !Task.isCancelled { log.failed(error, next: delay) }
            }
            await pause.wait(for: delay)
        }
    }

    /// Waits while the bot is connected some other way: two connections that displace each other in turn would help
    /// nobody.
    private func leaveAlone(_ bot: SelfID, _ pause: Alarm, _ pace: inout RedialPace<SystemRandomNumberGenerator>) async
    {
        let end = NIODeadline.now() + TimeAmount(timing.duplicateRedial)
        await pause.wait(for: min(timing.duplicateFirst, timing.duplicateRedial))
        while !Task.isCancelled, isConnected(bot), .now() < end { await pause.wait(for: pace.next()) }
    }

    /// Dials and waits for the end.
    private func connection(log: inout DialLog) async throws(DialError) -> BotConnection.Ending {
        let opened = Handover()
        try await WebSocketDialer(options: options).connect(to: url, headers: headers, on: eventLoop) { socket in
            let connection = accepted(socket)
            opened.connection.withLock { $0 = connection }
            socket.delegate = connection
            connection.start()
        }
        guard let connection = opened.connection.withLock({ $0 }) else {
            preconditionFailure("connect(to:) returned without handing over a connection")
        }
        log.connected()
        return await withTaskCancellationHandler {
            await connection.end()
        } onCancel: {
            connection.close(.goingAway("This edge is stopping, or another one dials the bot now."))
        }
    }

    private final class Handover: Sendable {
        let connection = Mutex<BotConnection?>(nil)
    }

    private var headers: HTTPHeaders {
        var headers: HTTPHeaders = ["User-Agent": "Perpetua"]
        if let accessToken { headers.add(name: "Authorization", value: "Bearer \(accessToken)") }
        return headers
    }
}
