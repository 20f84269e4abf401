public import OneBot

/// Who carries out an action of ours.
public struct ActionCaller: Sendable {
    public var client: Client
    /// The uuid of the most recent broadcast this client got from a client with that `app_id`.
    public var latestBroadcast: @Sendable (_ sender: String) -> String?

    public init(client: Client, latestBroadcast: @escaping @Sendable (String) -> String?) {
        self.client = client
        self.latestBroadcast = latestBroadcast
    }
}
