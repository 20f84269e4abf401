import Bus
import Contracts
import NIOCore
import Observability
import OneBot

/// An action's echo ⇄ our token: the only place where an echo is rewritten.
///
/// Towards the bot every action carries a token of ours (a JSON string, unique for the bot), whatever echo the asker
/// used, if any. The bot's answer is recognised by it, gets the asker's echo back byte for byte, and goes to the
/// asker's reply address. Each entry ends once: answered, past its deadline, or lost with the link. Where a bot answers
/// in parts, each of them puts the deadline off, and the last one ends it.
struct EchoTable {
    /// Where an answer goes, and the echo it must carry.
    struct Asker: Sendable {
        /// Who wants the answer.
        enum Purpose: Sendable {
            case caller
            /// We ourselves, to see whether the bot answers at all.
            case probe
            /// Whoever wanted it is gone.
            case gone
        }

        /// `nil`: nobody waits for the answer.
        let replyTo: QueueName?
        let correlationID: String?
        /// As the asker wrote it; `nil` where it sent none.
        let echo: ByteBuffer?
        /// The trace that the answer belongs to.
        let trace: TraceParent?
        let purpose: Purpose

        /// An echo may keep a frame alive that is no larger than this.
        private static let maxFrameBytes = 1024

        /// - Parameter echo: copied out of a large frame, so that a small echo does not keep that alive.
        init(
            replyTo: QueueName?, correlationID: String?, echo: ByteBuffer?, trace: TraceParent?,
            purpose: Purpose = .caller
        ) {
            self.trace = trace
            self.purpose = purpose
            self.replyTo = replyTo
            self.correlationID = correlationID
            self.echo = echo.map {
                $0.storageCapacity <= Self.maxFrameBytes ? $0 : ByteBuffer(bytes: $0.readableBytesView)
            }
        }
    }

    /// What is to be published.
    struct Answer: Sendable {
        let asker: Asker
        /// The name of the action that is answered.
        let action: String
        let body: ByteBuffer
        /// Which part of the answer it is, where there are several.
        var part: AnswerPart?
        /// The number of our token, where more parts follow.
        var token: UInt64?
    }

    private struct Entry {
        var asker: Asker
        let action: String
        let timeout: Duration
        var deadline: NIODeadline
        /// A part of the answer has come.
        var isBegun = false

        /// Whatever ends the entry is the last of several parts, or the whole answer.
        var lastPart: AnswerPart? { isBegun ? .last : nil }
    }

    let bot: SelfID
    let maxCount: Int
    let maxEchoBytes: Int
    /// Answers dropped because nothing waits for them: late, double, or with an echo that is not ours.
    private(set) var unmatched = 0
    private var entries: [UInt64: Entry] = [:]
    private var echoBytes = 0
    private var last: UInt64 = 0
    /// What every token starts with, the opening quote included.
    private let prefix: [UInt8]
    /// The token made last: its storage is used again for the next one.
    private var token = ByteBuffer()

    /// - Parameter prefix: tells our tokens from those of an earlier process; letters, digits and `-` only.
    init(bot: SelfID, prefix: String = "p-", maxCount: Int = 4096, maxEchoBytes: Int = 64 << 20) {
        self.bot = bot
        self.prefix = Array("\"\(prefix)".utf8)
        self.maxCount = maxCount
        self.maxEchoBytes = maxEchoBytes
    }

    var count: Int { entries.count }

    /// True at the bound: further actions wait until some are answered.
    var isFull: Bool { entries.count >= maxCount || echoBytes >= maxEchoBytes }

    /// When the first entry will be past its deadline; `nil` where nothing is awaited.
    var nextDeadline: NIODeadline? { entries.values.lazy.map(\.deadline).min() }

    /// The frame for the bot: `echo` is our token, every other byte is the asker's.
    mutating func replace(
        echoOf frame: JSONObject, action: String, replyTo: QueueName?, correlationID: String?,
        trace: TraceParent? = nil, purpose: Asker.Purpose = .caller, timeout: Duration, at now: NIODeadline
    ) -> ByteBuffer {
        last += 1
        let asker = Asker(
            replyTo: replyTo, correlationID: correlationID, echo: frame["echo"]?.bytes, trace: trace, purpose: purpose)
        entries[last] = Entry(asker: asker, action: action, timeout: timeout, deadline: now + TimeAmount(timeout))
        echoBytes += asker.echo?.readableBytes ?? 0
        token.clear()
        token.writeBytes(prefix)
        token.writeString("\(last)\"")
        return frame.setting("echo", to: token)
    }

    /// The bot's answer as the asker gets it; `nil` (and counted) where nothing waits for it.
    mutating func restore(_ response: BotResponse) -> Answer? {
        guard let echo = response.echo, let token = number(inToken: echo), let entry = remove(token) else {
            unmatched += 1
            return nil
        }
        return Answer(
            asker: entry.asker, action: entry.action, body: Self.body(response, for: entry.asker), part: entry.lastPart)
    }

    /// The same for a part that others follow: the bot has the whole timeout again for the next one.
    mutating func restorePart(_ response: BotResponse, at now: NIODeadline) -> Answer? {
        guard let echo = response.echo, let token = number(inToken: echo), let entry = entries[token] else {
            unmatched += 1
            return nil
        }
        entries[token]?.isBegun = true
        entries[token]?.deadline = now + TimeAmount(entry.timeout)
        return Answer(
            asker: entry.asker, action: entry.action, body: Self.body(response, for: entry.asker), part: .more,
            token: token)
    }

    /// Nobody is there any more who wants the rest of that answer.
    mutating func forget(_ token: UInt64) {
        guard let asker = entries[token]?.asker else { return }
        entries[token]?.asker = Asker(
            replyTo: nil, correlationID: nil, echo: asker.echo, trace: asker.trace, purpose: .gone)
    }

    private static func body(_ response: BotResponse, for asker: Asker) -> ByteBuffer {
        if let echo = asker.echo { response.json.setting("echo", to: echo) } else { response.json.removing("echo") }
    }

    /// What an unreadable frame was. A token of ours in it shows that it was an answer, since nothing else carries one.
    enum Salvaged: Sendable {
        case answer(Answer)
        /// An answer nobody waits for any more.
        case late
        case noAnswer
    }

    /// Ends the action whose token is found in such a frame.
    mutating func fail(_ frame: UnreadableFrame, _ response: (_ action: String) -> Response) -> Salvaged {
        guard let token = frame.string(beginningWith: prefix).flatMap(number(inToken:)) else { return .noAnswer }
        guard let entry = remove(token) else {
            unmatched += 1
            return .late
        }
        let body = response(entry.action).encoded(echo: entry.asker.echo)
        return .answer(Answer(asker: entry.asker, action: entry.action, body: body, part: entry.lastPart))
    }

    /// How many of the actions that were sent at `start` or later ``expire(at:)`` would end.
    func countExpiring(at now: NIODeadline, sentSince start: NIODeadline) -> Int {
        entries.values.count { $0.deadline <= now && $0.deadline - TimeAmount($0.timeout) >= start }
    }

    /// Ends what is past its deadline: 1504 each.
    mutating func expire(at now: NIODeadline) -> [Answer] {
        end(entries.filter { $0.value.deadline <= now }.keys) { [bot] entry in
            .failed(
                .timedOut(.unknown),
                entry.isBegun
                    ? "Bot \(bot) sent no more of its answer to \(entry.action) for \(entry.timeout)."
                    : "Bot \(bot) did not answer \(entry.action) within \(entry.timeout); it may have been carried out."
            )
        }
    }

    /// Ends everything, the link being lost: 1503 each.
    mutating func failAll() -> [Answer] {
        end(entries.keys) { [bot] entry in
            .failed(
                .unavailable(.unknown),
                "The connection to bot \(bot) was lost before it answered \(entry.action);"
                    + " it may have been carried out. Try again when the bot is back.")
        }
    }

    private mutating func end(_ tokens: some Sequence<UInt64>, _ response: (Entry) -> Response) -> [Answer] {
        tokens.sorted().compactMap { token in
            remove(token).map {
                Answer(
                    asker: $0.asker, action: $0.action, body: response($0).encoded(echo: $0.asker.echo),
                    part: $0.lastPart)
            }
        }
    }

    private mutating func remove(_ token: UInt64) -> Entry? {
        guard let entry = entries.removeValue(forKey: token) else { return nil }
        echoBytes -= entry.asker.echo?.readableBytes ?? 0
        return entry
    }

    /// The number in a token of ours; `nil` for any other JSON value. A bot may have escaped characters on the way.
    private func number(inToken echo: ByteBuffer) -> UInt64? {
        var echo = echo
        if echo.readableBytesView.contains(UInt8(ascii: "\\")) {
            // `try?`: bytes that are no JSON are no token.
            guard let text = try? JSONText(validating: echo).string else { return nil }
            echo = ByteBuffer(string: "\"\(text)\"")
        }
        return echo.withUnsafeReadableBytes(number(inUnescaped:))
    }

    private func number(inUnescaped bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard bytes.starts(with: prefix), bytes.last == UInt8(ascii: "\"") else { return nil }
        let digits = bytes.dropFirst(prefix.count).dropLast()
        guard (1...19).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
