import Bus
import Contracts
import NIOCore
import OneBot
import Synchronization
import TestSupport

@testable import Actions

/// An ``ActionDispatcher`` on an in-memory bus, with a registry and two edges that a test scripts.
final class ActionsHarness: Sendable {
    let broker = InMemoryBroker()
    let exchanges = Exchanges()
    let registry: FakeRegistry
    let near = EdgeAddress(edgeID: "near", instance: "1")
    let far = EdgeAddress(edgeID: "far", instance: "1")
    let nearInbox: BusResponder
    let farInbox: BusResponder
    let presence = PresenceView()
    let dispatcher: ActionDispatcher
    /// Work that outlives its action: run it with ``runSpawned()``.
    private let spawned: SpawnedWork
    private let answers: BusResponder

    final class SpawnedWork: Sendable {
        let work = Mutex<[@Sendable () async -> Void]>([])
        let sleeps = Mutex<[Duration]>([])
    }

    init(of service: ServiceName = .edge, publishDeadline: Duration = .seconds(10)) async throws {
        registry = try await FakeRegistry(at: broker)
        nearInbox = try await .edge(near, at: broker)
        farInbox = try await .edge(far, at: broker)
        let bus = broker.connect()
        let requester = Requester(bus: bus, inbox: "test.inbox", idPrefix: "t")
        answers = try await BusResponder(at: broker, queue: requester.inbox, bindings: []) { delivery in
            _ = requester.receive(delivery)
            return nil
        }
        for exchange in exchanges.all { try await bus.declare(exchange) }
        let spawned = SpawnedWork()
        self.spawned = spawned
        var dispatcher = ActionDispatcher(
            of: service, registry: RegistryClient(requester: requester, exchanges: exchanges),
            edges: EdgeClient(requester: requester, exchanges: exchanges), presence: presence, bus: bus,
            exchanges: exchanges,
            bots: BotActionCaller(
                requester: requester, exchanges: exchanges,
                patience: ActionPatience(
                    timeouts: ActionTimeouts(standard: .seconds(60), byPattern: []), pacing: PacingConfiguration())),
            spawn: { work in spawned.work.withLock { $0.append(work) } })
        dispatcher.sleep = { delay in spawned.sleeps.withLock { $0.append(delay) } }
        dispatcher.publishDeadline = publishDeadline
        self.dispatcher = dispatcher
    }

    /// Makes these clients and bots online, here and at the registry.
    func online(_ clients: [OnlineClient], bots: [OnlineBot] = []) {
        registry.snapshot = PresenceSnapshot(
            registryEpoch: 1, sequence: 1, edges: [near, far], clients: clients, bots: bots)
        _ = presence.replace(with: registry.snapshot)
    }

    /// Carries out an action; `params` is JSON.
    func perform(
        _ action: OwnAction, _ params: String? = nil, as caller: ActionCaller? = nil, token: String? = nil,
        for choice: BotChoice = BotChoice()
    ) async throws -> Answer {
        let params = try params.map { try JSONObject(ByteBuffer(string: $0)) }
        return try Answer(
            await dispatcher.perform(action, params: params, as: caller, clientToken: token, for: choice))
    }

    /// Runs the spawned work, and returns the delays that were waited for.
    func runSpawned() async -> [Duration] {
        let work = spawned.work.withLock { work in
            defer { work = [] }
            return work
        }
        for piece in work { await piece() }
        return spawned.sleeps.withLock { $0 }
    }

    var spawnedCount: Int { spawned.work.withLock { $0.count } }

    func caller(_ appID: String, named name: String? = nil, latest: [String: String] = [:]) -> ActionCaller {
        ActionCaller(client: Client(appID: appID, clientName: name)) { latest[$0] }
    }
}

/// A response, read.
struct Answer {
    let status: Response.Status
    let retcode: Int
    let message: String?
    let data: String
    let json: JSONText

    init(_ response: Response) throws {
        status = response.status
        retcode = response.retcode.rawValue
        message = response.message
        data = response.data.map { String(buffer: $0) } ?? "null"
        json = try JSONText(validating: ByteBuffer(string: data))
    }

    /// A member of `data`.
    subscript(key: String) -> JSONText? { json.object?[key] }

    /// The `app_id`s in `data.offline`.
    var offline: [String?]? { self["offline"]?.array?.map { $0.object?["app_id"]?.string } }
}
