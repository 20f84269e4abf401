import Actions
import Contracts
import NIOCore
import OneBot

/// `/api/ACTION` and `/ACTION`, GET and POST: an action of ours is for ``OwnActions``; any other goes to a bot.
struct ActionRoutes: Sendable {
    let own: OwnActions
    let dispatcher: ActionDispatcher
    let bots: BotActionCaller
    let policy: CallerIdentity.Policy
    let limits: OutboundLimits
    let metrics = ActionMetrics(door: .http)

    /// - Parameters:
    ///   - caller: what the request's headers and address say of who is calling.
    ///   - scope: of the token shown; the action is within it.
    ///   - priority: of a bot's action that has to wait for its turn.
    func perform(
        _ action: String, _ params: ActionParameters, by caller: CallerIdentity, in scope: TokenScope,
        priority: UInt8? = nil
    ) async -> OneBotReply {
        let began = NIODeadline.now()
        var reply = await carryOut(action, params, by: caller, in: scope, priority)
        guard reply.rest != nil else {
            metrics.answered(with: reply.body, after: .now() - began)
            return reply
        }
        reply.rest?.ended = { metrics.answered(with: $0, after: .now() - began) }
        return reply
    }

    private func carryOut(
        _ action: String, _ params: ActionParameters, by caller: CallerIdentity, in scope: TokenScope,
        _ priority: UInt8?
    ) async -> OneBotReply {
        do throws(RPC.Failure) {
            guard let own = OwnAction(called: action) else {
                return try await call(action, params, in: scope, priority)
            }
            return own.needsCaller
                ? .own(encoded: try await perform(own, params, as: caller))
                : .own(try await self.own.perform(own, params.json, bot: params.value("self_id"), in: scope))
        } catch {
            return .own(error.response)
        }
    }

    /// An action in a client's name: the registry knows which one that is.
    private func perform(
        _ action: OwnAction, _ params: ActionParameters, as caller: CallerIdentity
    ) async throws(RPC.Failure) -> ByteBuffer {
        var caller = caller
        if caller.clientToken == nil { caller.clientToken = params.text("client_token") }
        if caller.appID == nil { caller.appID = params.text("app_id") }
        return try await own.perform(action, params.json, as: try caller.question(policy))
    }

    /// A bot's action. Its parameters are passed on untouched but for the caller's `client_token`, which is a secret
    /// and stays here.
    private func call(
        _ name: String, _ params: ActionParameters, in scope: TokenScope, _ priority: UInt8?
    ) async throws(RPC.Failure) -> OneBotReply {
        let bot = try await bot(for: params, in: scope)
        var params = params
        params.remove("client_token")
        let answers = bots.answers(
            to: Action(name: name, params: params.json), of: bot, priority: priority, limits: limits)
        let first = await answers.next()
        guard first.isFollowed else {
            answers.cancel()
            return .bot(first.body)
        }
        let patience = TimeAmount(limits.age) * 2
        return OneBotReply(
            status: 200, body: first.body, rest: StreamedAnswers(answers: answers, patience: patience))
    }

    private func bot(for params: ActionParameters, in scope: TokenScope) async throws(RPC.Failure) -> SelfID {
        try await dispatcher.bot(BotChoice.Wish(params.value("self_id")), BotChoice(.onlyBot, in: scope))
    }
}
