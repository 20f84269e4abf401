import NIOCore
import OneBot

/// A client's actions on their way to a bot: each is answered once, by the bot or by us.
struct PendingCalls {
    struct Call {
        let action: String
        let echo: ByteBuffer?
        let began: NIODeadline
        /// `nil`: it is still being looked for, and nothing was sent.
        fileprivate(set) var bot: SelfID?
        fileprivate let timeout: TimeAmount
        fileprivate(set) var deadline: NIODeadline
        /// The link it went over may be gone, and its holder too.
        fileprivate(set) var isInDoubt = false

        /// What the client is told when nobody has answered in time.
        var late: ByteBuffer {
            guard let bot else {
                return failed(
                    .failed(
                        .timedOut(.no()),
                        "Nobody could say in time where the bot for \(action) is; it was not carried out. Try again."))
            }
            return failed(
                isInDoubt
                    ? .failed(
                        .unavailable(.unknown),
                        "The connection to bot \(bot) was lost before it answered \(action); it may have been carried out. "
                            + "Try again when the bot is back.")
                    : .failed(
                        .timedOut(.unknown), "The bot did not answer \(action) in time; it may have been carried out."))
        }

        /// What the client is told when we end before somebody has answered.
        var endedByUs: ByteBuffer {
            failed(
                bot == nil
                    ? .failed(.unavailable(.no()), "Perpetua is stopping; \(action) was not carried out.")
                    : .failed(.unavailable(.unknown), "Perpetua is stopping; \(action) may have been carried out."))
        }

        func failed(_ response: Response) -> ByteBuffer { response.encoded(echo: echo) }
    }

    private var calls: [UInt64: Call] = [:]
    private var lastID: UInt64 = 0

    var count: Int { calls.count }

    /// - Parameter bot: the bot it is sent to; `nil` where that is not known yet: ``address(_:to:)`` says it.
    mutating func begin(_ action: Action, of bot: SelfID?, at now: NIODeadline, timeout: TimeAmount) -> UInt64 {
        lastID += 1
        calls[lastID] = Call(
            action: action.name, echo: action.echo, began: now, bot: bot, timeout: timeout, deadline: now + timeout)
        return lastID
    }

    /// It is known which bot the call is for. False where it has ended before.
    mutating func address(_ id: UInt64, to bot: SelfID) -> Bool {
        guard calls[id] != nil else { return false }
        calls[id]?.bot = bot
        return true
    }

    /// The bot's link or its edge is gone, or another one took its place. The edge that held the link answers what was
    /// in flight, if it lives; nobody else will. So these calls are in doubt, and end at `deadline`.
    mutating func doubt(_ bot: SelfID, askedBefore time: NIODeadline, deadline: NIODeadline) {
        for (id, call) in calls where call.bot == bot && call.began <= time && deadline < call.deadline {
            calls[id]?.deadline = deadline
            calls[id]?.isInDoubt = true
        }
    }

    /// A part of the answer came: the next one has the whole timeout again or, where the link is in doubt,
    /// ``doubtful``. False where the call has ended before.
    mutating func renew(_ id: UInt64, at now: NIODeadline) -> Bool {
        guard let call = calls[id] else { return false }
        calls[id]?.deadline = now + (call.isInDoubt ? Self.doubtful : call.timeout)
        return true
    }

    /// What a change of a bot means for the actions that are under way to it.
    enum Doubt: Hashable {
        case none
        /// The link is gone: all of them are in doubt.
        case gone
        /// Another link is there: the actions that it cannot have been given are in doubt.
        case replaced
    }

    /// How long a link's holder has to answer what was in flight.
    static let doubtful = TimeAmount.seconds(2)

    /// Takes the call out; `nil` where it was answered before: the answer at hand is late.
    mutating func end(_ id: UInt64) -> Call? { calls.removeValue(forKey: id) }

    /// Takes out the calls that nobody answered in time.
    mutating func expire(at now: NIODeadline) -> [Call] {
        guard !calls.isEmpty else { return [] }
        let late = calls.filter { $0.value.deadline <= now }
        for id in late.keys { calls[id] = nil }
        return late.sorted { $0.key < $1.key }.map(\.value)
    }

    mutating func endAll() -> [Call] {
        defer { calls = [:] }
        return calls.sorted { $0.key < $1.key }.map(\.value)
    }
}
