public import Bus
public import Contracts
public import NIOCore
public import OneBot

/// Calls a bot over the bus and waits for its answer: for doors that have no session (HTTP, `set_restart`).
public struct BotActionCaller: Sendable {
    let requester: Requester
    let exchanges: Exchanges
    let timeouts: ActionTimeouts

    public init(requester: Requester, exchanges: Exchanges, timeouts: ActionTimeouts) {
        self.requester = requester
        self.exchanges = exchanges
        self.timeouts = timeouts
    }

    /// The bot's response as it sent it (without an echo), or a `failed` one of ours: 1503 at once where nobody holds the bot's link,
    /// 1504 where it does not answer in time.
    public func call(_ action: Action, of bot: SelfID) async -> ByteBuffer { fatalError("unwritten") }
}
