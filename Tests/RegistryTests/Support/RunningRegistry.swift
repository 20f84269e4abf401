import Bus
import Contracts
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

@testable import Registry

/// A running registry on an in-memory bus, with as many scripted edges as a test wants.
final class RunningRegistry: Sendable {
    let broker: InMemoryBroker
    /// Its connection to the broker.
    let bus: InMemoryBus
    let service: RegistryService
    private let run: Task<Void, any Error>
    private let kept: Kept

    private final class Kept: Sendable { let store = Mutex<RegistryStore?>(nil) }

    /// - Parameters:
    ///   - clock: its clock, where a test moves that itself.
    ///   - timesLocked: how often opening the database fails because another process has it.
    init(
        _ database: String = ":memory:", broker: InMemoryBroker = InMemoryBroker(), ports: ClosedRange<Int>? = nil,
        lease: Duration = .seconds(60), portExpiry: Duration = .seconds(60), clock: RegistryClock? = nil,
        timesLocked: Int = 0
    ) {
        self.broker = broker
        bus = broker.connect()
        var service = RegistryService(
            configuration: RegistryConfiguration(
                database: database, lease: lease, portExpiry: portExpiry, portRange: ports, portMode: .leased,
                exchanges: Exchanges()),
            bus: bus, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let keep = Kept()
        let locks = Mutex(timesLocked)
        service.openStore = { path in
            let isLocked = locks.withLock { locks in
                locks -= 1
                return locks >= 0
            }
            if isLocked { throw RegistryError.locked(path: path) }
            let store = try await RegistryStore.open(path: path)
            keep.store.withLock { $0 = store }
            return store
        }
        if let clock { service.startClock = { { clock.look() } } }
        self.service = service
        self.kept = keep
        run = Task { [service] in try await service.run() }
    }

    /// Its database, once it is open.
    var store: RegistryStore? { kept.store.withLock { $0 } }

    func edge(_ id: String = "e1", instance: String = "a") async throws -> ScriptedEdge {
        try await ScriptedEdge(
            EdgeAddress(edgeID: id, instance: instance), on: broker,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next())
    }

    func untilReady() async throws {
        try await eventually("the registry is ready", read: { service.readiness() }, until: { $0 == nil })
    }

    /// Stops it and waits until it has.
    func stop() async throws {
        run.cancel()
        try await run.value
    }

    /// Waits for it to end by itself.
    func ended() async throws { try await run.value }
}
