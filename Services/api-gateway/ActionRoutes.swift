import Actions
import Contracts
import NIOCore
import OneBot

/// `/api/ACTION` and `/ACTION`, GET and POST: an action of ours is carried out here, or at the edge of the client in
/// whose name it is done; any other goes to a bot.
struct ActionRoutes: Sendable {
    let registry: RegistryClient
    let edges: EdgeClient
    let dispatcher: ActionDispatcher
    let bots: BotActionCaller
    let policy: CallerIdentity.Policy
    let metrics = ActionMetrics(door: .http)

    /// - Parameter caller: what the request's headers and address say of who is calling.
    func perform(_ name: String, _ params: ActionParameters, by caller: CallerIdentity) async -> OneBotReply {
        let began = NIODeadline.now()
        let reply = await carryOut(name, params, by: caller)
        metrics.answered(with: reply.body, after: .now() - began)
        return reply
    }

    private func carryOut(_ name: String, _ params: ActionParameters, by caller: CallerIdentity) async -> OneBotReply {
        do throws(RPC.Failure) {
            guard let own = ActionDispatcher.Name(rawValue: name) else {
                return .bot(try await call(name, params))
            }
            return own.needsCaller
                ? .own(encoded: try await perform(own, params, as: caller))
                : .own(try await perform(own, params))
        } catch {
            return .own(error.response)
        }
    }

    /// An action in nobody's name.
    private func perform(
        _ name: ActionDispatcher.Name, _ params: ActionParameters
    ) async throws(RPC.Failure) -> Response {
        var params = params
        params.remove("client_token", "app_id")
        guard name == .setRestart else { return await dispatcher.perform(name, params: params.json, as: nil) }
        // As for a bot's own actions: no guessing which of several is to go down.
        let bot = try await bot(for: params)
        return await dispatcher.perform(name, params: params.setting("self_id", to: bot), as: nil)
    }

    /// An action in a client's name: its edge carries it out, behind those that client has asked for itself.
    private func perform(
        _ name: ActionDispatcher.Name, _ params: ActionParameters, as caller: CallerIdentity
    ) async throws(RPC.Failure) -> ByteBuffer {
        var caller = caller
        if caller.clientToken == nil { caller.clientToken = params.text("client_token") }
        if caller.appID == nil { caller.appID = params.text("app_id") }
        var params = params
        params.remove("client_token", "app_id")
        let client = try await registry.identify(try caller.question(policy))
        return try await edges.perform(
            EdgeAPI.Perform(
                sessionID: client.sessionID, appID: client.appID, action: name.rawValue,
                params: params.json.map { String(buffer: $0.bytes) }),
            at: client.edge)
    }

    /// A bot's action, its parameters untouched; only what is secret between the caller and us stays here.
    private func call(_ name: String, _ params: ActionParameters) async throws(RPC.Failure) -> ByteBuffer {
        let bot = try await bot(for: params)
        var params = params
        params.remove("client_token")
        return await bots.call(Action(name: name, params: params.json), of: bot)
    }

    private func bot(for params: ActionParameters) async throws(RPC.Failure) -> SelfID {
        let wanted = params.value("self_id")
        return try BotChoice.bot(named: wanted, in: try await dispatcher.completePresence())
    }
}
