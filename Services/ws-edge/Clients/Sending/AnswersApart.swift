import NIOCore

/// Answers that go out one by one (`one_answer_per_write`), for clients that keep the newest answer only until whoever waits for it has looked: of
/// two that their event loop reads together, the first is lost to its caller. Separate writes alone would not do: what comes while such a client is
/// busy is read together all the same.
///
///     idle ──an answer is written, and a ping──▶ until the pong ──pong──▶ a moment more ──▶ idle
///       └──where pings are not answered──▶ a longer moment ──▶ idle
///
/// The pong says that the client has read the answer. Its caller has its turn in the moment after it, which on a busy machine begins late:
/// how long that takes no pause of ours could know.
struct AnswersApart {
    /// After the pong: a few turns of a Python event loop.
    static let afterPong = TimeAmount.milliseconds(5)
    /// After the answer, where no pong comes.
    static let withoutPong = TimeAmount.milliseconds(20)
    /// A pong that has not come by then is not waited for any longer, and the next not at all, until one comes.
    static let longestPong = TimeAmount.milliseconds(200)

    /// What is to be done now.
    struct Step {
        /// To be sent behind the answer; `nil`: behind none.
        var ping: ByteBuffer?
        /// After that, ``timeIsUp(_:)``.
        let pause: TimeAmount
        fileprivate let number: UInt64
        fileprivate let state: State
    }

    fileprivate enum State { case idle, untilPong, aMoment }

    private var state = State.idle
    private var number: UInt64 = 0
    private var answersPings = true
    /// While what waits is written: a socket that becomes writable meanwhile is nothing to begin anew for.
    var isWriting = false

    /// Nothing is to be written.
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
