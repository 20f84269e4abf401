import Actions
import Contracts
import Logging
import NIOCore
import Observability
import OneBot
import Synchronization

/// Where targets become clients: makes sessions of their connections until the edge stops.
final class TargetDoor: Sendable {
    private let hub: Hub
    private let clients: ClientListener
    private let registry: RegistryClient
    private let tasks: BackgroundTasks
    /// The logger for what concerns targets.
    let logger: Logger
    private let isClosed = Mutex(false)

    init(hub: Hub, clients: ClientListener, registry: RegistryClient, tasks: BackgroundTasks, logger: Logger) {
        self.hub = hub
        self.clients = clients
        self.registry = registry
        self.tasks = tasks
        self.logger = logger
    }

    /// False once the edge is stopping: nothing more is to be dialled or posted.
    var isOpen: Bool { isClosed.withLock { !$0 } }

    func close() { isClosed.withLock { $0 = true } }

    /// Makes a session of a connection; on its event loop. The caller has the session told what happens on the
    /// connection, then starts it; at its end it calls ``TargetSeat/ended(_:granted:isOurs:)``.
    /// - Returns: `nil` where the edge is stopping.
    func open(
        _ connection: any ClientConnection, _ upgrade: ClientUpgrade, transport: ClientTransport, seat: TargetSeat
    ) -> ClientSession? {
        guard isOpen else { return nil }
        let grant = seat.grant
        let session = clients.open(
            connection, upgrade, transport: transport, name: grant?.clientName == nil ? seat.name : nil,
            granted: grant)
        session.isFirstOfTarget = seat.began(session.id)
        if transport == .reverseWebSocket {
            seat.calls.connected()
            session.feed.watch = seat.calls
        }
        return session
    }

    /// Asks for the seat's name, until cancelled, for as long as its session has none because somebody else has that
    /// name. A name that the target gave itself stays.
    func keepNamed(_ seat: TargetSeat, every interval: Duration) async {
        while !Task.isCancelled {
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: interval)
            guard let id = seat.session else { continue }
            let (registry, tasks, logger) = (registry, tasks, logger)
            hub.enqueue(
                .onSession(id) { session in
                    guard let client = session.client, client.clientName == nil else { return }
                    tasks.spawn {
                        do {
                            try await registry.setName(seat.name, of: client.appID)
                            logger.notice(
                                "A target has its name now.", metadata: [LogKeys.clientName: "\(seat.name)"])
                        } catch {
                            logger.debug(
                                "A target has no name yet.",
                                metadata: [LogKeys.clientName: "\(seat.name)", LogKeys.reason: "\(error)"])
                        }
                    }
                }, to: id)
        }
    }
}
