import NIOCore

/// When to ping a peer, and when to give it up, if at all: after two pings in a row with nothing heard since.
///
/// Any bytes count as a sign of life, not only pongs: a pong cannot overtake a large message that is still arriving.
struct Keepalive {
    /// What to do at this time.
    enum Action: Equatable {
        case ping(wakeAt: NIODeadline)
        case wait(until: NIODeadline)
        case giveUp
    }

    private static let allowedMisses = 2

    private let interval: TimeAmount
    private let silence: WebSocketOptions.Silence
    private var nextPing: NIODeadline
    private var unanswered = 0

    init(interval: Duration, silence: WebSocketOptions.Silence = .endsConnection, now: NIODeadline) {
        self.interval = TimeAmount(interval)
        self.silence = silence
        self.nextPing = now + self.interval
    }

    /// Whether silence has consequences.
    var isJudge: Bool { silence == .endsConnection }

    /// Bytes came from the peer.
    mutating func heard() { unanswered = 0 }

    /// - Parameter isListening: false while reading is paused: then silence says nothing about the peer.
    mutating func tick(now: NIODeadline, isListening: Bool) -> Action {
        guard now >= nextPing else { return .wait(until: nextPing) }
        if !isListening { unanswered = 0 }
        switch silence {
        case .endsConnection:
            guard unanswered < Self.allowedMisses else { return .giveUp }
            unanswered += 1
        case .isTolerated: break
        }
        nextPing = now + interval
        return .ping(wakeAt: nextPing)
    }
}
