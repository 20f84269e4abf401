/// The question by which the newest link of a bot gets the bot from another edge. It is published to the bot's queue,
/// with the type ``type``. A holder that gives the bot up answers `RPC.Empty`, one whose link is newer answers 1409.
public struct BotRelease: Sendable, Hashable, Codable {
    /// The `type` of the message, which tells it from an action.
    public static let type = "release"

    /// The epoch of the link that asks: the higher one is newer.
    public var epoch: UInt64
    /// Where that link is.
    public var edge: EdgeAddress

    public init(epoch: UInt64, edge: EdgeAddress) {
        self.epoch = epoch
        self.edge = edge
    }
}
