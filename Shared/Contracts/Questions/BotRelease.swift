/// The question by which the newest link of a bot gets it from another edge: published to the bot's queue, its type ``type``, answered
/// `RPC.Empty` by a holder that gives the bot up, and 1409 by one whose link is newer.
public struct BotRelease: Sendable, Hashable, Codable {
    /// The `type` of the message, which tells it from an action.
    public static let type = "release"

    /// Of the link that asks: the higher one is the newer.
    public var epoch: UInt64
    /// Where that link is.
    public var edge: EdgeAddress

    public init(epoch: UInt64, edge: EdgeAddress) {
        self.epoch = epoch
        self.edge = edge
    }
}
