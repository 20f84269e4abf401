/// The options of a WebSocket.
public struct WebSocketOptions: Sendable {
    /// The largest message taken, fragmented or not; a larger one closes the connection with 1009, or is discarded.
    public var maxMessageBytes = 16 << 20
    /// Messages that are received, discarded and reported (``WebSocketDelegate/discarded(_:)``), while the connection
    /// lives on. Default: none.
    public var tolerance: Tolerance = []
    /// The member whose value is kept of a discarded message that is a JSON object, wherever it stands in it.
    public var keptMember: String?
    /// The room for messages that are still arriving; `nil`: no bound but the connections' own.
    public var inbound: InboundRoom?
    /// The time from accepting (or connecting) to the end of the upgrade.
    public var upgradeTimeout: Duration = .seconds(10)
    /// How long the peer has to answer our close frame.
    public var closeTimeout: Duration = .seconds(2)
    /// Whether a socket is closed with a TCP reset where the peer has not answered our close frame in time, or is given
    /// up. Bytes the peer has not read are lost then, and it learns of the end at once, not behind them. For peers that
    /// must not take the next connection before they know that this one has ended.
    public var resetsWhenGivenUp = false
    /// Pings the peer at that interval and ends the connection after two with nothing heard since; `nil`: no pings.
    public var pingInterval: Duration?
    /// `isWritable` turns false above the high mark and true again below the low one.
    public var writeBufferWaterMark = 64 << 10...256 << 10
    /// What a client that speaks plain HTTP to a server is told to do; must not contain anything that JSON escapes.
    public var advice = "Connect with a WebSocket client."
    /// TCP keepalive (idle 15 s, interval 5 s, 3 probes) and `TCP_USER_TIMEOUT`.
    public var userTimeout: Duration = .seconds(30)

    public init() {}

    /// What follows when nothing is heard of a peer that is pinged.
    public enum Silence: Sendable, Hashable {
        case endsConnection
        /// Nothing: pings are for something in between, such as a proxy that closes idle connections.
        case isTolerated
    }

    /// Messages that would otherwise end their connection.
    public struct Tolerance: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Larger than ``WebSocketOptions/maxMessageBytes``; otherwise 1009.
        public static let tooLarge = Tolerance(rawValue: 1)
        /// Binary and not UTF-8; otherwise 1007.
        public static let notText = Tolerance(rawValue: 2)
        /// A text that is not UTF-8. RFC 6455 (§8.1) asks for 1007: only for peers whose connection serves many.
        public static let brokenText = Tolerance(rawValue: 4)
    }
}
