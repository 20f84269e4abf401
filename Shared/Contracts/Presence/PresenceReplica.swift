public import Bus
public import NIOCore
public import OneBot

/// A copy of the registry's presence, kept by every edge and gateway: fed with changes in order, mended by snapshots.
public struct PresenceReplica: Sendable {
    public private(set) var clients: [String: OnlineClient] = [:]
    public private(set) var bots: [SelfID: OnlineBot] = [:]
    public private(set) var edges: Set<EdgeAddress> = []
    /// Those of ``clients`` that are in a group.
    public private(set) var groups = GroupMembers()
    private var epoch: UInt64 = 0
    private var sequence: UInt64 = 0
    /// False until the first snapshot, and after a jump until the next.
    public private(set) var isComplete = false
    private var hasSnapshot = false
    /// The latest changes, without holes, while it is incomplete. A snapshot that was on its way while they came is
    /// brought up to date with them; otherwise a busy registry would be asked again and again.
    private var recent: [PresenceChange] = []
    private static let maxRecent = 4096
    /// A link may be sent actions this long before the replica hears of it.
    public static let lag = TimeAmount.seconds(1)

    public init() {}

    /// How far it has come. Where it is not complete, changes before that may be missing.
    public var position: PresencePosition { PresencePosition(registryEpoch: epoch, sequence: sequence) }

    /// What a change or a snapshot changed here, to be announced.
    public struct Effect: Sendable {
        public var cameOnline: [OnlineClient] = []
        public var wentOffline: [OnlineClient] = []
        public var renamed: [OnlineClient] = []
        public var changedBots: [OnlineBot] = []
        /// Bots whose link is gone: what it had in flight may never be answered.
        public var lostLinks: [SelfID] = []
        /// Bots that have a new link: actions they were sent ``PresenceReplica/lag`` ago or earlier went to the former
        /// link, or to nobody, and may never be answered.
        public var newLinks: [SelfID] = []
        /// It is the first snapshot: everybody in it counts as known from before, even those who came meanwhile.
        public var isFirst = false
        /// A change was missed: ask for a snapshot.
        public var needsSnapshot = false

        public init() {}
    }

    /// Takes one change. Repeats, and changes of a registry that was replaced, do nothing.
    public mutating func apply(_ change: PresenceChange) -> Effect {
        var effect = Effect()
        guard (change.registryEpoch, change.sequence) > (epoch, sequence) else { return effect }
        if change.registryEpoch != epoch || change.sequence != sequence + 1 {
            isComplete = false
            effect.needsSnapshot = true
            recent = []
        }
        if !isComplete, recent.count < Self.maxRecent { recent.append(change) }
        epoch = change.registryEpoch
        sequence = change.sequence
        carryOut(change, &effect)
        return effect
    }

    /// Takes a snapshot, and returns how it differs from what was known. One that is older than a change already seen,
    /// and can't be brought up to date, is not taken: `needsSnapshot` says so.
    public mutating func replace(with snapshot: PresenceSnapshot) -> Effect {
        var effect = Effect()
        guard let fresh = brought(upToDate: snapshot) else {
            effect.needsSnapshot = !isComplete
            return effect
        }
        epoch = fresh.registryEpoch
        sequence = fresh.sequence
        isComplete = true
        effect.isFirst = !hasSnapshot
        hasSnapshot = true
        recent = []
        edges = Set(fresh.edges)
        let online = Dictionary(fresh.clients.map { ($0.appID, $0) }, uniquingKeysWith: { $1 })
        for client in clients.values where online[client.appID] == nil {
            effect.wentOffline.append(client)
            set(nil, for: client.appID)
        }
        for client in fresh.clients { add(client, &effect) }
        for bot in fresh.bots where bots[bot.selfID] != bot { update(bot, &effect) }
        let known = Set(fresh.bots.map(\.selfID))
        for bot in bots.values where bot.isOnline && !known.contains(bot.selfID) { markOffline(bot, &effect) }
        return effect
    }

    /// The bot that is meant where none is named: the first configured one; where none is configured, the first that
    /// ever came (the lowest epoch). `nil` while none is known.
    public var defaultBot: OnlineBot? {
        bots.values.min { left, right in
            (left.configuredIndex ?? .max, left.epoch, left.selfID)
                < (right.configuredIndex ?? .max, right.epoch, right.selfID)
        }
    }

    /// The snapshot with the changes that came after it; `nil` where one of them is missing.
    private func brought(upToDate snapshot: PresenceSnapshot) -> PresenceSnapshot? {
        if (snapshot.registryEpoch, snapshot.sequence) >= (epoch, sequence) { return snapshot }
        let later = recent.filter { ($0.registryEpoch, $0.sequence) > (snapshot.registryEpoch, snapshot.sequence) }
        guard snapshot.registryEpoch == epoch, let first = later.first, first.sequence == snapshot.sequence + 1,
            later.last?.sequence == sequence
        else { return nil }
        var replica = PresenceReplica()
        _ = replica.replace(with: snapshot)
        for change in later { _ = replica.apply(change) }
        return PresenceSnapshot(
            registryEpoch: replica.epoch, sequence: replica.sequence, edges: Array(replica.edges),
            clients: Array(replica.clients.values), bots: Array(replica.bots.values))
    }

    private mutating func carryOut(_ change: PresenceChange, _ effect: inout Effect) {
        switch change.kind {
        case .edgeUp:
            if let edge = change.edge { edges.insert(edge) }
        case .edgeDown:
            guard let edge = change.edge else { return }  // else every program on AMQP would go with it
            edges.remove(edge)
            effect.wentOffline = clients.values.filter { $0.edge == edge }
            for client in effect.wentOffline { set(nil, for: client.appID) }
            for bot in bots.values where bot.edge == edge { markOffline(bot, &effect) }
        case .clientOnline:
            for client in change.clients { add(client, &effect) }
        case .clientRenamed:
            for client in change.clients {
                set(client, for: client.appID)
                effect.renamed.append(client)
            }
        case .clientOffline:
            for client in change.clients {
                guard let known = clients[client.appID], known.edge == client.edge, known.sessionID == client.sessionID
                else { continue }
                set(nil, for: client.appID)
                effect.wentOffline.append(client)
            }
        case .botOnline, .botOffline:
            for bot in change.bots { update(bot, &effect) }
        }
    }

    private mutating func add(_ client: OnlineClient, _ effect: inout Effect) {
        if let known = set(client, for: client.appID) {
            if known.edge == client.edge, known.sessionID == client.sessionID {
                // By bytes: `String` would call two names equal that differ in their normal form.
                if known.clientName.map({ Array($0.utf8) }) != client.clientName.map({ Array($0.utf8) }) {
                    effect.renamed.append(client)
                }
                return
            }
            effect.wentOffline.append(known)
        }
        effect.cameOnline.append(client)
    }

    /// - Returns: what was known before.
    @discardableResult
    private mutating func set(_ client: OnlineClient?, for appID: String) -> OnlineClient? {
        let known = clients[appID]
        clients[appID] = client
        groups.change(from: known, to: client)
        return known
    }

    private mutating func markOffline(_ bot: OnlineBot, _ effect: inout Effect) {
        guard bot.isOnline else { return }
        var bot = bot
        bot.isOnline = false
        update(bot, &effect)
    }

    private mutating func update(_ bot: OnlineBot, _ effect: inout Effect) {
        let before = bots.updateValue(bot, forKey: bot.selfID)
        effect.changedBots.append(bot)
        guard let before else { return }
        if bot.isOnline {
            if bot.epoch != before.epoch, before.epoch != 0 { effect.newLinks.append(bot.selfID) }
        } else if before.isOnline {
            effect.lostLinks.append(bot.selfID)
        }
    }
}

extension Requester {
    /// Actions in flight to a bot whose link is gone end soon: the edge that held the link answers them, if it lives,
    /// and nobody else will.
    public func doubt(_ effect: PresenceReplica.Effect) {
        for bot in effect.lostLinks { doubt(Exchanges.actionKey(bot), limit: .seconds(2)) }
        for bot in effect.newLinks {
            doubt(Exchanges.actionKey(bot), olderThan: PresenceReplica.lag, limit: .seconds(2))
        }
    }
}
