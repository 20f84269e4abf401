import NIOCore

/// One connection's life, from the socket to its end (AMQP 0-9-1 §2.2.4), and whether the broker is still there.
///
/// ```
///   greeting ──start──▶ tuning ──tune──▶ opening ──open-ok──▶ open ⇄ blocked
///      │                   │                │                  │
///      └───────────────────┴────── close, violation ───────────┴──▶ ended
/// ```
struct AMQPConnectionState {
    enum Phase: Hashable {
        /// Our protocol header is sent.
        case greeting
        /// Who we are is sent.
        case tuning
        /// The virtual host is named.
        case opening
        case open
        /// Open, but the broker reads nothing from us, for this reason (a memory or disk alarm).
        case blocked(String)
        case ended
    }

    /// What two peers agree on.
    struct Tuning: Hashable {
        var channelMax: UInt16
        var frameMax: Int
        /// The time between two heartbeats; `nil`: there are none.
        var heartbeat: Duration?
    }

    private(set) var phase = Phase.greeting
    private(set) var tuning = Tuning(channelMax: 0, frameMax: 4096, heartbeat: nil)
    private let login: AMQPLogin
    private let virtualHost: String
    private let wantedHeartbeat: Duration
    private let address: String
    private var lastHeard: NIODeadline
    private var lastSaid: NIODeadline

    /// The largest frame we ask for; a broker may want smaller ones.
    static let wantedFrameMax = 128 << 10
    /// The one broker whose exclusive queues are known to be exclusive. A broker that does not name its product is
    /// probed (``ExclusivityProbe``).
    static let product = "RabbitMQ"
    /// The least a peer may ask for (AMQP 0-9-1 §4.9).
    static let leastFrameMax = 4096

    init(login: AMQPLogin, virtualHost: String, heartbeat: Duration, address: String, at now: NIODeadline) {
        self.login = login
        self.virtualHost = virtualHost
        self.wantedHeartbeat = heartbeat
        self.address = address
        lastHeard = now
        lastSaid = now
    }

    enum Step {
        case none
        case send([AMQPOutgoing])
        /// The limits are agreed on: apply them, then send these methods.
        case tuned(Tuning, [AMQPOutgoing])
        case opened
        case blocked(String)
        case unblocked
        /// The broker closed the connection: send the answer, then end it.
        case closed(AMQPError, answer: AMQPOutgoing)
        case failed(AMQPError)
    }

    /// A method on channel 0.
    mutating func received(_ method: AMQPIncoming) -> Step {
        switch (phase, method) {
        case (.ended, _): return .none
        case (_, .connectionClose(let code, let text)):
            let isOpen = isOpen
            phase = .ended
            let reason = "\(code) \(text)"
            return .closed(
                isOpen ? .closedByBroker(code: code, text: text) : .refused(address: address, reason: reason),
                answer: .connectionCloseOK)
        case (.greeting, .connectionStart(_, let product?)) where product != Self.product:
            return fail(.unsuitable(address: address, reason: "it calls itself \(product.prefix(64))"))
        case (.greeting, .connectionStart(let mechanisms, _)):
            guard mechanisms.contains(login.mechanism) else {
                return fail(
                    .refused(
                        address: address,
                        reason: "it takes \(mechanisms.joined(separator: ", ")), and amqp.login is \(login.mechanism)"))
            }
            phase = .tuning
            return .send([.connectionStartOK(mechanism: login.mechanism, response: login.response)])
        case (.tuning, .connectionTune(let channelMax, let frameMax, let heartbeat)):
            return tune(channelMax, frameMax, heartbeat)
        case (.opening, .connectionOpenOK):
            phase = .open
            return .opened
        case (.open, .connectionBlocked(let reason)), (.blocked, .connectionBlocked(let reason)):
            phase = .blocked(reason)
            return .blocked(reason)
        case (.blocked, .connectionUnblocked):
            phase = .open
            return .unblocked
        case (.open, .connectionUnblocked): return .none
        case (.open, .connectionCloseOK), (.blocked, .connectionCloseOK):
            phase = .ended
            return .failed(.closed)
        case (.greeting, _), (.tuning, _), (.opening, _), (.open, _), (.blocked, _):
            return fail(.protocolViolation("\(method) while \(phase)"))
        }
    }

    /// A frame of another version's greeting: the broker does not speak ours.
    mutating func received(versionMajor major: UInt8, minor: UInt8) -> Step {
        fail(.refused(address: address, reason: "it speaks AMQP \(major).\(minor), and Perpetua 0-9-1"))
    }

    /// The socket is gone. RabbitMQ also refuses a login this way, by a client that does not announce that it
    /// understands a better answer.
    mutating func socketClosed() -> AMQPError {
        defer { phase = .ended }
        switch phase {
        case .tuning: return .refused(address: address, reason: "the login was not accepted")
        case .opening: return .refused(address: address, reason: "the virtual host was not opened")
        case .greeting: return silentlyRefused("the socket was closed")
        case .open, .blocked, .ended: return .connectionLost("the socket was closed")
        }
    }

    /// Decoding, TLS or the socket failed.
    mutating func failed(_ error: any Error) -> AMQPError {
        let before = phase
        phase = .ended
        switch (before, error) {
        case (.greeting, AMQPError.protocolViolation):
            return .cannotConnect(
                address: address,
                reason: "what answers there does not speak AMQP, or only over TLS (then write amqps://)")
        case (_, let error as AMQPError): return error
        case (.open, _), (.blocked, _), (.ended, _): return .connectionLost("\(error)")
        case (.greeting, _), (.tuning, _), (.opening, _):
            if let reason = AMQPError.reason(ofTLS: error) { return .untrusted(address: address, reason: reason) }
            return silentlyRefused("\(error)")
        }
    }

    private func silentlyRefused(_ reason: String) -> AMQPError {
        .cannotConnect(
            address: address, reason: "\(reason) before a word was said; a broker that takes TLS alone wants amqps://")
    }

    mutating func end() { phase = .ended }

    var isOpen: Bool {
        switch phase {
        case .open, .blocked: true
        case .greeting, .tuning, .opening, .ended: false
        }
    }

    // MARK: Signs of life

    mutating func heard(at now: NIODeadline) { lastHeard = now }
    mutating func said(at now: NIODeadline) { lastSaid = now }

    enum Pulse: Hashable { case none, sendHeartbeat, dead }

    /// Called several times per heartbeat. Says whether to send one, and whether the broker has been silent for two.
    mutating func pulse(at now: NIODeadline) -> Pulse {
        guard isOpen, let heartbeat = tuning.heartbeat else { return .none }
        if now - lastHeard >= TimeAmount(heartbeat * 2) { return .dead }
        guard now - lastSaid >= TimeAmount(heartbeat / 2) else { return .none }
        lastSaid = now
        return .sendHeartbeat
    }

    private mutating func tune(_ channelMax: UInt16, _ frameMax: UInt32, _ heartbeat: UInt16) -> Step {
        guard frameMax == 0 || frameMax >= Self.leastFrameMax else {
            return fail(.protocolViolation("a frame_max of \(frameMax)"))
        }
        // 0 means "no limit" in all three, from either side.
        let wanted = UInt16(clamping: Int(wantedHeartbeat / .seconds(1)))
        let agreed = heartbeat == 0 ? wanted : wanted == 0 ? heartbeat : min(wanted, heartbeat)
        tuning = Tuning(
            channelMax: channelMax == 0 ? 2047 : min(2047, channelMax),
            frameMax: frameMax == 0 ? Self.wantedFrameMax : min(Self.wantedFrameMax, Int(frameMax)),
            heartbeat: agreed == 0 ? nil : .seconds(Int(agreed)))
        phase = .opening
        return .tuned(
            tuning,
            [
                .connectionTuneOK(
                    channelMax: tuning.channelMax, frameMax: UInt32(tuning.frameMax), heartbeat: agreed),
                .connectionOpen(virtualHost: virtualHost),
            ])
    }

    private mutating func fail(_ error: AMQPError) -> Step {
        phase = .ended
        return .failed(error)
    }
}
