import NIOCore
import OneBot
import Synchronization

/// The restarts that wait for their delay, one for each bot. Bounded, since each holds a task for up to an hour.
struct RestartBook {
    static let limit = 256

    struct Waiting: Hashable {
        let number: Int
        let due: NIODeadline
        /// The epoch of the bot's link when the restart was asked for.
        let epoch: UInt64
    }

    enum Verdict: Hashable {
        /// It waits for its delay, and is carried out if ``isDue(_:of:epoch:)`` says so then.
        case begin(Int)
        /// A restart that waits already is due no later.
        case underWay
        case full
    }

    private var waiting: [SelfID: Waiting] = [:]
    /// How many restarts hold a task: those that were superseded still do.
    private var tasks = 0
    private var last = 0

    mutating func ask(for bot: SelfID, epoch: UInt64, due: NIODeadline) -> Verdict {
        if let asked = waiting[bot], asked.epoch == epoch, asked.due <= due { return .underWay }
        guard tasks < Self.limit else { return .full }
        last += 1
        tasks += 1
        waiting[bot] = Waiting(number: last, due: due, epoch: epoch)
        return .begin(last)
    }

    /// Its delay is over. False where another restart has taken its place, or where the bot has connected anew since it
    /// was asked for, which is what was wanted.
    mutating func isDue(_ number: Int, of bot: SelfID, epoch: UInt64) -> Bool {
        tasks -= 1
        guard let asked = waiting[bot], asked.number == number else { return false }
        waiting[bot] = nil
        return asked.epoch == epoch
    }

    /// The restart is given up.
    mutating func end(_ number: Int, of bot: SelfID) {
        tasks -= 1
        if waiting[bot]?.number == number { waiting[bot] = nil }
    }
}

/// The book of a process.
final class PendingRestarts: Sendable {
    private let book = Mutex(RestartBook())

    func ask(for bot: SelfID, epoch: UInt64, due: NIODeadline) -> RestartBook.Verdict {
        book.withLock { $0.ask(for: bot, epoch: epoch, due: due) }
    }

    func isDue(_ number: Int, of bot: SelfID, epoch: UInt64) -> Bool {
        book.withLock { $0.isDue(number, of: bot, epoch: epoch) }
    }

    func end(_ number: Int, of bot: SelfID) { book.withLock { $0.end(number, of: bot) } }
}
