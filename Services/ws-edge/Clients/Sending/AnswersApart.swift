import NIOCore

/// Lets answers go out one by one (`one_answer_per_write`), for clients that keep only the newest answer until the task
/// that waits for it has looked: of two answers that their event loop reads together, the first is lost. Separate
/// writes alone would not do, because whatever comes while such a client is busy is read together all the same.
///
///     idle ──an answer is written, and a ping──▶ until the pong ──pong──▶ a moment more ──▶ idle
///       └──where pings are not answered──▶ a longer moment ──▶ idle
///
/// The pong says that the client has read the answer, and the task that waits for it has its turn in the moment after.
/// On a busy machine the client reads late, and a pause without a pong could not know how late.
struct AnswersApart {
    /// After the pong: a few turns of a Python event loop.
    static let afterPong = TimeAmount.milliseconds(5)
    /// After the answer, where no pong comes.
    static let withoutPong = TimeAmount.milliseconds(20)
    /// A pong that has not come by then is not waited for any longer, and no later one is until a pong comes.
    static let longestPong = TimeAmount.milliseconds(200)

    /// What is to be done now.
    struct Step {
        /// A ping to be sent behind the answer; `nil`: none.
        var ping: ByteBuffer?
        /// The time after which ``timeIsUp(_:)`` is to be called.
        let pause: TimeAmount
        fileprivate let number: UInt64
        fileprivate let state: State
    }

    fileprivate enum State { case idle, untilPong, aMoment }

    private var state = State.idle
    private var number: UInt64 = 0
    private var answersPings = true
    /// What waits is being written: a socket that becomes writable meanwhile must not begin that anew.
    var isWriting = false

    /// Nothing may be written now.
    var isPausing: Bool { state != .idle }

    mutating func wroteAnswer() -> Step {
        number += 1
        state = answersPings ? .untilPong : .aMoment
        return Step(
            ping: ByteBuffer(integer: number),
            pause: answersPings ? Self.longestPong : Self.withoutPong, number: number, state: state)
    }

    mutating func ponged(_ payload: ByteBuffer) -> Step? {
        guard payload.readableBytes == MemoryLayout<UInt64>.size,
            let ponged = payload.getInteger(at: payload.readerIndex, as: UInt64.self), 1...number ~= ponged
        else { return nil }
        answersPings = true
        guard state == .untilPong, ponged == number else { return nil }
        state = .aMoment
        return Step(ping: nil, pause: Self.afterPong, number: number, state: state)
    }

    /// - Returns: whether the next may be written.
    mutating func timeIsUp(_ step: Step) -> Bool {
        guard step.number == number, step.state == state else { return false }
        if state == .untilPong { answersPings = false }
        state = .idle
        return true
    }

    /// The connection is about to be closed.
    mutating func endPause() { state = .idle }
}
