import Bus
import Logging
import NIOCore
import NIOHTTP1
import Observability
import OneBot
import Synchronization
import WebSocketTransport

/// Keeps one connection to an address of `bots[entry]`: dials, waits for its end, dials again, for ever, one attempt at a time.
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

    /// Until the task is cancelled; a connection is then closed with 1001.
    func run() async {
        var log = DialLog(entry: entry, isStarted: isStarted, logger: logger)
        var backoff = Backoff(first: timing.redialFirst, longest: timing.redialLongest)
        let pause = Alarm(eventLoop: eventLoop)
        while !Task.isCancelled {
            var delay: Duration
            do {
                let ending = try await connection(log: &log)
                if ending.lived >= timing.steadyAfter { backoff.reset() }
                delay = backoff.next()
                if ending.displacement != nil { delay = max(delay, timing.duplicateRedial) }
                log.ended(ending, next: delay)
            } catch {
                delay = backoff.next()
                if !Task.isCancelled { log.failed(error, next: delay) }
            }
            await pause.wait(for: delay)
        }
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
