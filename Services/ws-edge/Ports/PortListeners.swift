import Actions
import Contracts
import Listening
import Logging
import NIOCore
import NIOHTTP1
import OneBot
import Synchronization
import WebSocketTransport

/// Opens and closes leased ports on the registry's word: one client per port, and the port goes with the client.
final class PortListeners: Sendable {
    private enum Listener {
        case binding
        case open(WebSocketServer)
        /// Its client left, or the registry took it back, before binding had returned.
        case ended
    }

    /// How much longer than its time a port waits, so that the answer that names it can get to whoever asked.
    private static let answerTime = TimeAmount.milliseconds(250)
    /// What a leased port takes of the edge's connections: the listener, and its client.
    private static let places = 2

    /// By the `app_id` the port is for.
    private let listeners = Mutex<[String: Listener]>([:])
    private let configuration: PortsConfiguration
    private let edgeID: String
    private let host: String
    private let options: WebSocketOptions
    /// Of all listeners of the edge.
    private let accepting: AcceptLimits
    private let clients: ClientListener
    private let leases: LeaseKeeper
    private let tasks: BackgroundTasks
    private let group: any EventLoopGroup
    private let logger: Logger
    private let addresses: PublicAddresses
    private let sharedPort: SharedPort

    init(
        configuration: PortsConfiguration, sharedPort: SharedPort, edgeID: String, host: String,
        options: WebSocketOptions,
        accepting: AcceptLimits, clients: ClientListener, leases: LeaseKeeper, tasks: BackgroundTasks,
        group: any EventLoopGroup, logger: Logger
    ) {
        self.configuration = configuration
        self.edgeID = edgeID
        self.host = host
        self.options = options
        self.accepting = accepting
        self.clients = clients
        self.leases = leases
        self.tasks = tasks
        self.group = group
        self.logger = logger
        addresses = PublicAddresses(configuration, host: host)
        self.sharedPort = sharedPort
    }

    /// Binds a listener for one client.
    func open(_ wish: EdgeAPI.OpenPort) async throws(RPC.Failure) -> EdgeAPI.PortOpened {
        // A shared port serves any number of leases: the client is told apart by its token.
        if configuration.mode == .shared {
            let outside = addresses.outside(of: sharedPort.number)
            return EdgeAPI.PortOpened(
                port: sharedPort.number, host: outside.host, publicPort: outside.port,
                url: "\(outside.url)?client_token=\(wish.clientToken)" + (wish.selfID.map { "&self_id=\($0)" } ?? ""))
        }
        guard accepting.lease(Self.places) else {
            throw RPC.Failure(
                .unavailable(.no(retryAfter: .seconds(5))),
                "Edge \(edgeID) has as many connections as it may (\(accepting.served), "
                    + "edge.max_connections). Come back later.")
        }
        let seat = OnlySeat()
        listeners.withLock { $0[wish.appID] = .binding }
        let server: WebSocketServer
        do {
            server = try await WebSocketServer.bind(
                host: host, port: wish.port ?? 0, group: group, options: options,
                limits: accepting.forOne(), logger: logger,
                authorise: { [clients] request in
                    let decision = clients.decide(request, lease: wish)
                    guard case .accept = decision else { return decision }
                    return seat.take() ? .accept : OnlySeat.taken.decision
                },
                accepted: { [clients] connection, request in
                    clients.accept(connection, request, lease: wish) { self.clientLeft(wish.appID) }
                })
        } catch {
            listeners.withLock { $0[wish.appID] = nil }
            accepting.endLease(of: Self.places)
            throw RPC.Failure(
                .unavailable(.no()),
                "Edge \(edgeID) cannot listen on \(host):\(wish.port ?? 0): "
                    + "\(ListenFailure.reason(of: error)). Stop what listens there, or widen edge.port_range.")
        }
        let hasEnded = listeners.withLock { listeners in
            guard case .binding = listeners[wish.appID] else { return true }
            listeners[wish.appID] = .open(server)
            return false
        }
        if hasEnded { await end(wish.appID, server) } else { closeUnlessTaken(seat, wish) }
        let outside = addresses.outside(of: server.port)
        return EdgeAPI.PortOpened(port: server.port, host: outside.host, publicPort: outside.port, url: outside.url)
    }

    /// Closes the port when its time is over and nobody came. Who comes in that moment is let in for good, or refused.
    private func closeUnlessTaken(_ seat: OnlySeat, _ wish: EdgeAPI.OpenPort) {
        guard let patience = wish.patienceMilliseconds else { return }
        group.next().scheduleTask(in: .milliseconds(Int64(patience)) + Self.answerTime) {
            guard seat.take() else { return }
            self.tasks.spawn { await self.close(wish.appID) }
        }
    }

    /// The registry takes the port back: nobody came in time.
    func close(_ appID: String) async {
        if let server = take(appID) { await end(appID, server) }
    }

    func closeAll() async {
        for appID in listeners.withLock({ Array($0.keys) }) { await close(appID) }
    }

    private func clientLeft(_ appID: String) {
        guard let server = take(appID) else { return }
        tasks.spawn { await self.end(appID, server) }
    }

    /// The listener, if it is open; one still being bound is marked.
    private func take(_ appID: String) -> WebSocketServer? {
        listeners.withLock { listeners in
            switch listeners[appID] {
            case .open(let server):
                listeners[appID] = nil
                return server
            case .binding:
                listeners[appID] = .ended
                return nil
            case .ended, nil: return nil
            }
        }
    }

    private func end(_ appID: String, _ server: WebSocketServer) async {
        await server.close()
        accepting.endLease(of: Self.places)
        listeners.withLock { if case .ended = $0[appID] { $0[appID] = nil } }
        leases.closed(EdgeAPI.ClosePort(port: server.port, appID: appID))
    }
}

/// A leased port has room for one.
private final class OnlySeat: Sendable {
    static let taken = ClientUpgrade.Refusal(
        status: .conflict,
        message: "This port is leased to one client, and that one is connected. Ask get_ws_port for a port of your own."
    )

    private let isTaken = Mutex(false)

    /// True for the first who asks.
    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }
}
