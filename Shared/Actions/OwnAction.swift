import Contracts
import OneBot

/// One of our own actions: what it is, for every door to ask. A new one is a file in `Own/` and a row in ``all``.
public struct OwnAction: Sendable {
    public let name: String
    public let doors: Doors
    public let caller: Caller
    public let bot: BotNeed
    /// Whether it may be carried out twice without harm: a gateway that ends leaves unanswered actions to the next one.
    public let mayBeRepeated: Bool
    /// Whether it is a question to the registry, and nothing else.
    public let onlyAsksRegistry: Bool
    /// Whether `api.open_discovery` opens it to those who show no token.
    public let isDiscovery: Bool
    /// Whether its parameter `name` is what the caller is called from then on.
    public let renamesCaller: Bool
    let work: Work

    typealias Work = @Sendable (OwnCall) async throws(RPC.Failure) -> Response

    /// Where it can be called.
    public enum Doors: Sendable {
        /// HTTP, WebSocket and AMQP.
        case every
        /// AMQP only: elsewhere an action of that name is the bot's.
        case amqp
    }

    /// Who has to be known before it is carried out.
    public enum Caller: Sendable {
        case nobody
        /// The client in whose name it is done: 1401 without. Over HTTP and AMQP the gateway finds out which one that
        /// is.
        case client
        /// Whoever shows a `client_token`: only the registry can say whose it is.
        case token
    }

    /// Whether it concerns a bot (`params.self_id`).
    public enum BotNeed: Sendable {
        case none
        /// One may be named.
        case optional
        /// There has to be one: the one that is named, else the one that is meant at that door.
        case required
    }

    init(
        _ name: String, doors: Doors = .every, caller: Caller, bot: BotNeed, mayBeRepeated: Bool,
        onlyAsksRegistry: Bool = false, isDiscovery: Bool = false, renamesCaller: Bool = false, work: @escaping Work
    ) {
        self.name = name
        self.doors = doors
        self.caller = caller
        self.bot = bot
        self.mayBeRepeated = mayBeRepeated
        self.onlyAsksRegistry = onlyAsksRegistry
        self.isDiscovery = isDiscovery
        self.renamesCaller = renamesCaller
        self.work = work
    }

    /// Whether it is done in a client's name.
    public var needsCaller: Bool { caller == .client }

    // MARK: The table

    /// Every action of ours.
    public static let all: [OwnAction] = [
        .getWSPort,
        .getOnlineClients,
        .setClientName,
        .sendBroadcastData,
        .sendBroadcastDataCallback,
        .setRestart,
        .registerClient,
        .renewClient,
    ]

    private static let atEveryDoor = byName(all.filter { $0.doors == .every })
    private static let overAMQP = byName(all)

    private static func byName(_ actions: [OwnAction]) -> [String: OwnAction] {
        Dictionary(uniqueKeysWithValues: actions.map { ($0.name, $0) })
    }

    /// The action that is meant by what was called over HTTP or WebSocket; `nil`: it is the bot's. OneBot's suffixes
    /// change nothing: ours are answered when they are done, which is soon.
    public init?(called action: String) { self.init(named: ActionName(action).plain) }

    /// The same over AMQP.
    public init?(calledOverAMQP action: String) {
        guard let found = Self.overAMQP[ActionName(action).plain] else { return nil }
        self = found
    }

    /// The action of every door that has exactly this name.
    public init?(named name: String) {
        guard let found = Self.atEveryDoor[name] else { return nil }
        self = found
    }
}

extension OwnAction: Equatable {
    public static func == (left: OwnAction, right: OwnAction) -> Bool { left.name == right.name }
}
