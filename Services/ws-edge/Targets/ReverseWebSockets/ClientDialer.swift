import Contracts
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import Observability
import OneBot
import Synchronization
import WebSocketTransport

/// Keeps one connection (or one pair) to a framework's server for one bot: dials, waits for its end, dials again, for
/// ever, one attempt at a time and whatever the framework answers.
struct ClientDialer: Sendable {
    let configuration: ReverseWebSocketConfiguration
    let seat: TargetSeat
    let door: TargetDoor
    let options: WebSocketOptions
    let metrics: EdgeMetrics
    let eventLoop: any EventLoop
    let timing: TargetTiming

    /// Runs until the task is cancelled; a connection is then closed with 1001, and has ended when this returns.
    func run() async {
        var logger = door.logger
        logger[metadataKey: LogKeys.target] = "\(configuration.target.entry)"
        logger[metadataKey: LogKeys.selfID] = "\(seat.selfID)"
        var log = TargetDialLog(hasToken: configuration.accessToken != nil, logger: logger)
        var pace = RedialPace(timing.redial)
        let pause = Alarm(eventLoop: eventLoop)
        while !Task.isCancelled {
            let delay = pace.next()
            if door.isOpen {
                do {
                    let link = try await dial()
                    log.connected()
                    metrics.targets.connected.increment()
                    let since = ContinuousClock.now
                    let ending = await end(of: link)
                    log.ended(ending, after: .now - since, steadyAfter: timing.steadyAfter, next: delay)
                } catch {
                    metrics.targets.refused.increment()
                    if !Task.isCancelled { log.failed(error, next: delay) }
                }
            }
            await pause.wait(for: delay)
        }
    }

    /// An open link, to be closed or waited for from outside its event loop.
    private struct Open: Sendable {
        let link: NIOLoopBound<TargetLink>
        let ended: EventLoopFuture<WebSocketEnding>

        init(_ link: TargetLink, on eventLoop: any EventLoop) {
            self.link = NIOLoopBound(link, eventLoop: eventLoop)
            ended = link.ended
        }

        func close(_ reason: CloseReason) {
            let link = link
            ended.eventLoop.execute { link.value.close(reason) }
        }

        /// Always waits for the end, which comes soon after ``close(_:)`` in any case.
        func end() async -> WebSocketEnding {
            await withCheckedContinuation { continuation in
                ended.whenSuccess { continuation.resume(returning: $0) }
            }
        }
    }

    private func end(of open: Open) async -> WebSocketEnding {
        await withTaskCancellationHandler {
            await open.end()
        } onCancel: {
            open.close(.goingAway("This edge is stopping, or another one holds this target now."))
        }
    }

    private func dial() async throws(DialError) -> Open {
        switch configuration.address {
        case .universal(let url): try await dial(url)
        case .pair(let api, let event): try await dial(api: api, event: event)
        case nil: throw .badURL("", reason: "\(configuration.target.entry) has no address.")
        }
    }

    private func dial(_ url: String) async throws(DialError) -> Open {
        let opened = Box()
        try await connect(to: url, as: .universal) { socket in
            let connection = DialledConnection(socket, url: url)
            let link = TargetLink(connection, seat: seat)
            socket.delegate = link
            opened.set(Open(link, on: eventLoop))
            link.begin(session(over: connection))
        }
        return opened.open
    }

    /// Dials the connection for actions first, because whoever hears of the bot by an event may call it.
    private func dial(api: String, event: String) async throws(DialError) -> Open {
        let opened = Box()
        let pair = Mutex<NIOLoopBound<ConnectionPair>?>(nil)
        try await connect(to: api, as: .api) { socket in
            let connection = ConnectionPair(api: socket, remoteAddress: DialledConnection.shown(api))
            let link = TargetLink(connection, seat: seat)
            connection.delegate = link
            pair.withLock { $0 = NIOLoopBound(connection, eventLoop: eventLoop) }
            opened.set(Open(link, on: eventLoop))
        }
        do {
            try await connect(to: event, as: .event) { socket in
                guard let pair = pair.withLock({ $0 })?.value, pair.join(event: socket) else { return }
                opened.open.link.value.begin(session(over: pair))
            }
        } catch {
            opened.open.close(.goingAway("The other connection of the pair cannot be opened."))
            _ = await opened.open.end()
            throw error
        }
        return opened.open
    }

    private func session(over connection: any ClientConnection) -> ClientSession? {
        door.open(
            connection, configuration.target.upgrade(for: seat.selfID), transport: .reverseWebSocket, seat: seat)
    }

    private func connect(
        to url: String, as role: ClientRole, accepted: @escaping @Sendable (WebSocketConnection) -> Void
    ) async throws(DialError) {
        var headers: HTTPHeaders = [
            "User-Agent": "OneBot", "X-Self-ID": "\(seat.selfID)", "X-Client-Role": role.rawValue,
        ]
        if let token = configuration.accessToken { headers.add(name: "Authorization", value: "Bearer \(token)") }
        var options = options
        options.resetsWhenGivenUp = true
        try await WebSocketDialer(options: options).connect(
            to: url, headers: headers, on: eventLoop, accepted: accepted)
    }

    /// Takes an open link out of the callback that opens it.
    private final class Box: Sendable {
        private let value = Mutex<Open?>(nil)

        func set(_ open: Open) { value.withLock { $0 = open } }

        var open: Open {
            guard let open = value.withLock({ $0 }) else {
                preconditionFailure("connect(to:) returned without handing over a connection")
            }
            return open
        }
    }
}

/// Makes targets of the entries of `reverse_websockets[]`.
struct ReverseWebSockets: Sendable {
    let door: TargetDoor
    let options: WebSocketOptions
    let metrics: EdgeMetrics
    let group: any EventLoopGroup
    var timing = TargetTiming()

    func target(_ configuration: ReverseWebSocketConfiguration) -> Target {
        Target(
            configuration: configuration.target, claim: (kind: "reverse", name: configuration.claimName),
            // Two connections at once would be one too many: frameworks refuse the second, or mix up the two.
            patience: timing.claimPatience
        ) { seat in
            await ClientDialer(
                configuration: configuration, seat: seat, door: door, options: options, metrics: metrics,
                eventLoop: group.next(), timing: timing
            ).run()
        }
    }
}
