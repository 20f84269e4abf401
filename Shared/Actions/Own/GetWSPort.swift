import Contracts
import OneBot

extension OwnAction {
    /// ``GetWSPort``, as the doors know it.
    public static let getWSPort = OwnAction(
        "get_ws_port", caller: .nobody, bot: .optional, mayBeRepeated: true, isDiscovery: true
    ) { call async throws(RPC.Failure) in
        try await GetWSPort(call.params).perform(for: call.choice, using: call.dispatcher)
    }
}

/// `get_ws_port`: leases a port for one client. The answer comes once the edge listens there.
struct GetWSPort {
    private let bot: BotChoice.Wish
    private let edgeID: String?

    init(_ params: Parameters) throws(RPC.Failure) {
        bot = BotChoice.Wish(params["self_id"])
        edgeID = try params.optionalText("edge", send: "the edge_id of an edge, or leave it out")
    }

    /// Where no bot is named, a client at the port gets the default one, or one that the token it shows there is for.
    func perform(for choice: BotChoice, using dispatcher: ActionDispatcher) async throws(RPC.Failure) -> Response {
        let grant: RegistryAPI.PortGrant
        do {
            grant = try await dispatcher.registry.leasePort(
                RegistryAPI.LeasePort(selfID: try wanted(choice, dispatcher.presence.current), edgeID: edgeID))
        } catch {
            // The registry knows no such bot. This throws what every door says then, with the bots this token is for.
            if case .bot = bot, error.reason == .notFound { _ = try await dispatcher.bot(bot, choice) }
            throw error
        }
        var data = JSONObjectWriter()
        data.add("port", grant.port)
        data.add("host", grant.host)
        data.add("url", grant.url)
        data.add("app_id", grant.appID)
        data.add("client_token", grant.clientToken)
        data.add("expires_in", grant.expiresIn)
        return .ok(data.finish())
    }

    private func wanted(_ choice: BotChoice, _ presence: PresenceReplica) throws(RPC.Failure) -> SelfID? {
        switch bot {
        case .standard: return nil
        case .bot(let bot):
            try choice.check(self.bot)
            return bot
        case .unreadable: return try choice.bot(bot, in: presence)
        }
    }
}
