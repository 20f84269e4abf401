public import OneBot

/// A copy of the registry's presence, kept by every edge and gateway: fed with changes in order, mended by snapshots.
public struct PresenceReplica: Sendable {
    public private(set) var clients: [String: OnlineClient] = [:]
    public private(set) var bots: [SelfID: OnlineBot] = [:]
    public private(set) var edges: Set<EdgeAddress> = []
    private var epoch: UInt64 = 0
    private var sequence: UInt64 = 0
    /// False until the first snapshot, and after a jump until the next.
    public private(set) var isComplete = false

    public init() {}

    /// What a change or a snapshot did here, for whoever announces it.
    public struct Effect: Sendable {
        public var cameOnline: [OnlineClient] = []
        public var wentOffline: [OnlineClient] = []
        public var renamed: [OnlineClient] = []
        public var changedBots: [OnlineBot] = []
        /// A change was missed: ask for a snapshot.
        public var needsSnapshot = false

        public init() {}
    }

    public mutating func apply(_ change: PresenceChange) -> Effect {
        var effect = Effect()
        guard change.registryEpoch >= epoch else { return effect }
        if change.registryEpoch == epoch, change.sequence <= sequence { return effect }
        let follows = change.registryEpoch == epoch && change.sequence == sequence + 1
        if !follows {
            isComplete = false
            effect.needsSnapshot = true
        }
        epoch = change.registryEpoch
        sequence = change.sequence
        switch change.kind {
        case .edgeUp: edges.insert(change.edge)
        case .edgeDown:
            edges.remove(change.edge)
            effect.wentOffline = clients.values.filter { $0.edge == change.edge }
            for client in effect.wentOffline { clients[client.appID] = nil }
            for bot in bots.values where bot.edge == change.edge { markOffline(bot, &effect) }
        case .clientOnline:
            for client in change.clients { add(client, &effect) }
        case .clientRenamed:
            for client in change.clients {
                clients[client.appID] = client
                effect.renamed.append(client)
            }
        case .clientOffline:
            for client in change.clients {
                guard let known = clients[client.appID], known.edge == client.edge, known.sessionID == client.sessionID
                else { continue }
                clients[client.appID] = nil
                effect.wentOffline.append(client)
            }
        case .botOnline, .botOffline:
            for bot in change.bots {
                bots[bot.selfID] = bot
                effect.changedBots.append(bot)
            }
        }
        return effect
    }

    public mutating func replace(with snapshot: PresenceSnapshot) -> Effect {
        var effect = Effect()
        guard (snapshot.registryEpoch, snapshot.sequence) >= (epoch, sequence) else {
            effect.needsSnapshot = !isComplete
            return effect
        }
        epoch = snapshot.registryEpoch
        sequence = snapshot.sequence
        isComplete = true
        edges = Set(snapshot.edges)
        let fresh = Dictionary(snapshot.clients.map { ($0.appID, $0) }, uniquingKeysWith: { $1 })
        for client in clients.values where fresh[client.appID] == nil {
            effect.wentOffline.append(client)
            clients[client.appID] = nil
        }
        for client in snapshot.clients { add(client, &effect) }
        for bot in snapshot.bots where bots[bot.selfID] != bot {
            bots[bot.selfID] = bot
            effect.changedBots.append(bot)
        }
        return effect
    }

    /// The bot meant where none is named: the first configured one; where none is configured, the first that ever came
    /// (the lowest epoch). `nil` while none is known.
    public var defaultBot: OnlineBot? {
        bots.values.min { left, right in
            (left.configuredIndex ?? .max, left.epoch, left.selfID) < (right.configuredIndex ?? .max, right.epoch, right.selfID)
        }
    }

    private mutating func add(_ client: OnlineClient, _ effect: inout Effect) {
        if let known = clients.updateValue(client, forKey: client.appID) {
            if known.edge == client.edge, known.sessionID == client.sessionID {
                if known.clientName != client.clientName { effect.renamed.append(client) }
                return
            }
            effect.wentOffline.append(known)
        }
        effect.cameOnline.append(client)
    }

    private mutating func markOffline(_ bot: OnlineBot, _ effect: inout Effect) {
        var bot = bot
        bot.isOnline = false
        bots[bot.selfID] = bot
        effect.changedBots.append(bot)
    }
}
