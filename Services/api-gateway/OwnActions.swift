import Actions
import Contracts
import NIOCore
import OneBot

/// Our own actions, whichever door of the gateway they came through: carried out here, or, for a client with a
/// connection, at the edge that holds it.
struct OwnActions: Sendable {
    let registry: RegistryClient
    let edges: EdgeClient
    let dispatcher: ActionDispatcher

    /// An action in a client's name. The client's edge carries it out, after the actions that the client has sent
    /// itself. A client that lives on AMQP has no edge: its action is carried out here, and it keeps their order itself
    /// by waiting for each answer.
    /// - Returns: the response's text, without an echo.
    func perform(
        _ action: OwnAction, _ params: JSONObject?, as caller: RegistryAPI.Identify
    ) async throws(RPC.Failure) -> ByteBuffer {
        let client = try await registry.identify(caller)
        let params = Self.withoutCaller(params)
        guard let edge = client.edge else {
            // We do not see here which broadcasts it got, so its callback must name the uuid.
            let caller = ActionCaller(client: client.client) { _ in nil }
            return await dispatcher.perform(action, params: params, as: caller).encoded(echo: nil)
        }
        return try await edges.perform(
            EdgeAPI.Perform(
                sessionID: client.sessionID, appID: client.appID, action: action.name,
                params: params.map { String(buffer: $0.bytes) }),
            at: edge)
    }

    /// An action that needs no caller.
    /// - Parameters:
    ///   - bot: the `self_id` that was sent, in the parameters or beside them. An action that concerns a bot must name
    ///     it where there are several: we do not guess which one is to go down.
    ///   - scope: of the token shown. A port that is leased without a bot is for the bots of the token that is shown at
    ///     that port.
    func perform(
        _ action: OwnAction, _ params: JSONObject?, bot: JSONText?, in scope: TokenScope = .everything
    ) async throws(RPC.Failure) -> Response {
        let choice = BotChoice(.onlyBot, in: scope)
        var params = Self.withoutCaller(params)
        switch action.bot {
        case .required:
            let bot = try await dispatcher.bot(BotChoice.Wish(bot), choice)
            params = Self.naming(ByteBuffer(string: bot.description), in: params)
        // The query may name the bot where the body does not.
        case .optional: if let bot, params?["self_id"] == nil { params = Self.naming(bot.bytes, in: params) }
        case .none: break
        }
        return await dispatcher.perform(action, params: params, as: nil, for: choice)
    }

    private static func naming(_ bot: ByteBuffer, in params: JSONObject?) -> JSONObject? {
        guard let params else {
            var object = JSONObjectWriter()
            object.add("self_id", json: bot)
            return try? JSONObject(object.finish())  // We wrote it ourselves.
        }
        // What was an object stays one.
        return try? JSONObject(params.setting("self_id", to: bot))
    }

    /// The parameters without those that say who is calling: nobody behind this door is to see them.
    private static func withoutCaller(_ params: JSONObject?) -> JSONObject? {
        var params = params
        for name in ["client_token", "app_id"] where params?[name] != nil {
            // What was an object stays one.
            params = params.flatMap { try? JSONObject($0.removing(name)) }
        }
        return params
    }
}
