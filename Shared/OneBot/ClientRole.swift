/// What one WebSocket connection carries, in the words of `X-Client-Role` (OneBot 11, reverse WebSocket).
public enum ClientRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// Events and actions.
    case universal = "Universal"
    /// Actions and their responses only.
    case api = "API"
    /// Events only.
    case event = "Event"

    public var receivesEvents: Bool { self != .api }
    public var callsActions: Bool { self != .event }
}
