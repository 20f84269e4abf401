import NIOCore

/// The state of a WebSocket (RFC 6455): frames, fragments, the closing handshake. It takes the peer's bytes and returns
/// what each frame asks for; it knows no socket and no clock.
///
/// | phase | message | ping, pong | close frame | violation | our close |
/// |---|---|---|---|---|---|
/// | open | deliver, or tell what was discarded | answer, tell | answer → done | fail → closing | send it → closing |
/// | closing (our close frame is out) | discard | discard | finish → done | discard, or finish | nothing |
/// | done | discard | discard | discard | discard | nothing |
///
/// While closing, a violation finishes the connection only if the beginning of the next frame cannot be found any more.
struct WebSocketState {
    enum Side {
        case server
        case client
    }

    /// What the bytes received ask for. Ask again until ``needsMoreBytes``.
    enum Received: Equatable {
        case needsMoreBytes
        /// Some bytes were taken in; nothing is to be done.
        case nothing
        /// A whole message; its UTF-8 is valid.
        case message(ByteBuffer)
        /// A message that was not kept has ended.
        indirect case discarded(DiscardedMessage)
        /// Answer with a pong of the same payload.
        case ping(ByteBuffer)
        case pong(ByteBuffer)
        /// Send this close frame and wait for the peer's.
        case fail(CloseReason)
        /// The peer closed: send this close frame (`nil`: one without a code), then close the socket.
        case answerClose(CloseReason?)
        /// Both close frames are seen: close the socket.
        case finish
    }

    private enum Phase {
        case open
        case closing
        case done
    }

    /// Stored indirectly: it is much larger than the rest of the state, and hardly any connection ever has one.
    private indirect enum Discarded {
        case message(DiscardedMessage)

        var message: DiscardedMessage {
            switch self {
            case .message(let message): message
            }
        }
    }

    private enum Reading {
        case header
        case payload(FrameHeader, taken: Int)
    }

    private let side: Side
    private let maxMessageBytes: Int
    private var tolerance: WebSocketOptions.Tolerance
    private let keptMember: String?
    private var phase = Phase.open
    private var reading = Reading.header
    /// The message that has begun, also between its fragments.
    private var message: MessageAssembly?
    /// Instead of ``message``: what is left of one that is not kept.
    private var discarded: Discarded?
    private var control = ByteBuffer()
    /// Known from the first close frame on, whoever sent it.
    private var ending: WebSocketEnding?

    init(
        side: Side, maxMessageBytes: Int, tolerance: WebSocketOptions.Tolerance = [], keptMember: String? = nil
    ) {
        self.side = side
        self.keptMember = keptMember
        self.maxMessageBytes = maxMessageBytes
        self.tolerance = tolerance
    }

    /// From now on these do not end the connection, either.
    mutating func tolerate(_ more: WebSocketOptions.Tolerance) { tolerance.formUnion(more) }

    /// How much memory an unfinished message takes; 0 where there is none, or it is not kept.
    var keptBytes: Int { message?.byteCount ?? 0 }

    /// How much has come of an unfinished message, kept or not; 0 where there is none.
    var arrivedBytes: Int { message?.byteCount ?? discarded?.message.byteCount ?? 0 }

    /// Stops keeping the unfinished message: the rest of it is received and skipped.
    mutating func discard(_ reason: DiscardedMessage.Reason) {
        guard let begun = message else { return }
        message = nil
        discarded = .message(DiscardedMessage(reason, of: begun, keeping: keptMember))
    }

    /// Whether messages may be sent: no close frame was sent or received.
    var isOpen: Bool {
        switch phase {
        case .open: true
        case .closing, .done: false
        }
    }

    /// We want to end it.
    /// - Returns: true if the close frame is to be sent and the peer's awaited; false if that happened before.
    mutating func close(_ reason: CloseReason) -> Bool {
        switch phase {
        case .open:
            closing(reason)
            return true
        case .closing, .done:
            return false
        }
    }

    /// The socket is gone.
    /// - Parameter cause: what ended it, where no close frame did.
    /// - Returns: how it ended.
    mutating func socketClosed(cause: WebSocketEnding) -> WebSocketEnding {
        phase = .done
        message = nil
        discarded = nil
        return ending ?? cause
    }

    /// Takes bytes off the front of `input` up to the next thing that asks for something.
    mutating func receive(_ input: inout ByteBuffer) -> Received {
        switch phase {
        case .open, .closing: break
        case .done:
            input.clear()
            return .needsMoreBytes
        }
        switch reading {
        case .header:
            guard let header = FrameHeader(reading: &input) else { return .needsMoreBytes }
            return begin(header)
        case .payload(let header, let taken):
            return takePayload(of: header, taken: taken, from: &input)
        }
    }

    // MARK: Headers

    private mutating func begin(_ header: FrameHeader) -> Received {
        // The top bit must be 0; behind such a header the next frame cannot be found.
        guard header.payloadLength <= UInt64(Int64.max) else {
            let failure = violation(.protocolError("A frame's length must be below 2^63."))
            phase = .done
            return failure == .nothing ? .finish : .answerClose(ending.flatMap(Self.reason))
        }
        reading = .payload(header, taken: 0)
        if let reason = refusal(of: header) { return violation(reason) }
        guard isOpen else { return header.payloadLength == 0 ? end(of: header) : .nothing }
        switch header.opcode {
        case .text?: message = MessageAssembly(opcode: .text)
        case .binary?: message = MessageAssembly(opcode: .binary)
        case .continuation?, .close?, .ping?, .pong?, nil: break
        }
        if header.payloadLength > UInt64(maxMessageBytes - keptBytes), !header.isControl, message != nil {
            guard tolerance.contains(.tooLarge) else {
                return violation(.tooBig("A message holds at most \(maxMessageBytes) bytes."))
            }
            discard(.tooLarge)
        }
        return header.payloadLength == 0 ? end(of: header) : .nothing
    }

    /// What is wrong with a header at this point; `nil`: nothing.
    private func refusal(of header: FrameHeader) -> CloseReason? {
        guard let opcode = header.opcode else { return .protocolError("Opcode \(header.rawOpcode) is reserved.") }
        guard header.reservedBits == 0 else {
            return .protocolError("Reserved bits are set and no extension was negotiated.")
        }
        switch (side, header.maskingKey) {
        case (.server, nil): return .protocolError("A client's frames must be masked.")
        case (.client, _?): return .protocolError("A server's frames must not be masked.")
        case (.server, _?), (.client, nil): break
        }
        switch opcode {
        case .close, .ping, .pong:
            guard header.isFinal else { return .protocolError("A control frame must not be fragmented.") }
            guard header.payloadLength <= 125 else { return .protocolError("A control frame holds at most 125 bytes.") }
            return nil
        case .continuation:
            guard message != nil || discarded != nil else {
                return .protocolError("A continuation came without a message to continue.")
            }
            return nil
        case .text, .binary:
            guard message == nil, discarded == nil else {
                return .protocolError("A new message began before the last one ended.")
            }
            return nil
        }
    }

    // MARK: Payloads

    private mutating func takePayload(of header: FrameHeader, taken: Int, from input: inout ByteBuffer) -> Received {
        let remaining = Int(header.payloadLength) - taken
        let count = min(remaining, input.readableBytes)
        guard count > 0 || remaining == 0 else { return .needsMoreBytes }
        reading = .payload(header, taken: taken + count)

        if header.isControl, header.payloadLength <= 125 {
            control.writeImmutableBuffer(input.readSlice(length: count) ?? ByteBuffer())
            if let key = header.maskingKey { control.mask(last: count, key: key, offset: taken) }
        } else if isOpen, message != nil {
            let isText = message?.take(
                count, from: &input, key: header.maskingKey, offset: taken, expected: remaining)
            if isText != true, let failure = failUTF8() { return failure }
        } else if isOpen, var rest = discarded?.message {
            // Then its buffers have no other owner, so nothing is copied.
            discarded = nil
            rest.take(count, from: &input, key: header.maskingKey, offset: taken, following: remaining - count)
            discarded = .message(rest)
        } else {
            input.moveReaderIndex(forwardBy: count)
        }
        return count == remaining ? end(of: header) : .nothing
    }

    /// The last byte of a frame has come.
    private mutating func end(of header: FrameHeader) -> Received {
        reading = .header
        let payload = control
        control = ByteBuffer()
        switch (phase, header.opcode) {
        case (.open, .close?): return peerCloses(payload)
        case (.open, .ping?): return .ping(payload)
        case (.open, .pong?): return .pong(payload)
        case (.open, .text?), (.open, .binary?), (.open, .continuation?):
            return header.isFinal ? endMessage() : .nothing
        case (.closing, .close?):
            phase = .done
            return .finish
        case (.open, nil), (.closing, _), (.done, _): return .nothing
        }
    }

    private mutating func endMessage() -> Received {
        if let whole = message, whole.isWhole {
            message = nil
            return .message(whole.finish())
        }
        if message != nil, let failure = failUTF8() { return failure }
        guard let ended = discarded?.message else { return .nothing }
        discarded = nil
        return .discarded(ended.finish())
    }

    /// The message cannot be UTF-8. It ends the connection, or (`nil`) is discarded.
    private mutating func failUTF8() -> Received? {
        switch message?.opcode {
        case .binary?:
            guard tolerance.contains(.notText) else {
                return violation(.notUTF8("Binary messages are taken as text and must hold UTF-8."))
            }
            discard(.notText)
        case .text?, .continuation?, .close?, .ping?, .pong?, nil:
            guard tolerance.contains(.brokenText) else { return violation(.notUTF8("Text must be valid UTF-8.")) }
            discard(.brokenText)
        }
        return nil
    }

    // MARK: Closing

    /// The peer broke a rule. Later violations do not matter any more.
    private mutating func violation(_ reason: CloseReason) -> Received {
        switch phase {
        case .open:
            closing(reason)
            return .fail(reason)
        case .closing, .done:
            return .nothing
        }
    }

    private mutating func closing(_ reason: CloseReason) {
        phase = .closing
        message = nil
        discarded = nil
        ending = WebSocketEnding(code: reason.code, reason: reason.text, isOurs: true)
    }

    private mutating func peerCloses(_ payload: ByteBuffer) -> Received {
        phase = .done
        message = nil
        discarded = nil
        var payload = payload
        guard payload.readableBytes > 0 else {
            ending = WebSocketEnding(code: nil, reason: "", isOurs: false)
            return .answerClose(nil)
        }
        guard let code = payload.readInteger(as: UInt16.self) else {
            return answerBadClose("A close frame's payload begins with two bytes of code.")
        }
        guard CloseReason.isLegal(code) else { return answerBadClose("Close code \(code) must not be sent.") }
        var validator = UTF8Validator()
        guard payload.withUnsafeReadableBytes({ validator.consume($0) }), validator.isComplete else {
            return answerBadClose("A close frame's reason must be valid UTF-8.")
        }
        ending = WebSocketEnding(code: code, reason: String(buffer: payload), isOurs: false)
        return .answerClose(CloseReason(code: code, text: ""))
    }

    private mutating func answerBadClose(_ text: String) -> Received {
        let reason = CloseReason.protocolError(text)
        ending = WebSocketEnding(code: reason.code, reason: reason.text, isOurs: true)
        return .answerClose(reason)
    }

    private static func reason(_ ending: WebSocketEnding) -> CloseReason? {
        ending.code.map { CloseReason(code: $0, text: ending.reason) }
    }
}
