import Contracts
public import OneBot

/// One call of an action of ours: what was sent, by whom, and what it is carried out with.
struct OwnCall {
    let action: OwnAction
    let params: Parameters
    /// The secret that was shown, for those that take one (``OwnAction/Caller/token``).
    let clientToken: String?
    /// Which bot is meant where none is named, and which ones may be named.
    let choice: BotChoice
    let dispatcher: ActionDispatcher
    private let knownCaller: ActionCaller?

    init(
        _ action: OwnAction, _ params: Parameters, by caller: ActionCaller?, clientToken: String?,
        for choice: BotChoice, using dispatcher: ActionDispatcher
    ) {
        self.action = action
        self.params = params
        knownCaller = caller
        self.clientToken = clientToken
        self.choice = choice
        self.dispatcher = dispatcher
    }

    var registry: RegistryClient { dispatcher.registry }

    /// The client in whose name it is done.
    /// - Throws: 1401 where nobody knows which one that is.
    var caller: ActionCaller {
        get throws(RPC.Failure) {
            guard let knownCaller else {
                throw RPC.Failure(
                    .unauthorized,
                    "\(action.name): nobody knows which client is calling. Call it over that client's own connection, "
                        + "or send its client_token.")
            }
            return knownCaller
        }
    }
}

/// The client in whose name one of our own actions is carried out.
public struct ActionCaller: Sendable {
    public var client: Client
    /// The uuid of the most recent broadcast this client got from a client with that `app_id`.
    public var latestBroadcast: @Sendable (_ sender: String) -> String?

    public init(client: Client, latestBroadcast: @escaping @Sendable (String) -> String?) {
        self.client = client
        self.latestBroadcast = latestBroadcast
    }
}
