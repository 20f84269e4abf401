import NIOCore
import OneBot
import Synchronization

/// The restarts that wait for their delay, one of a bot: bounded, since each holds a task for up to an hour.
struct RestartBook {
    static let limit = 256

    struct Waiting: Hashable {
        let number: Int
        let due: NIODeadline
        /// Of the link there was when it was asked for.
        let epoch: UInt64
    }

    enum Verdict: Hashable {
        /// To be carried out when it is due, if it is ``isDue(_:of:epoch:)`` then.
        case begin(Int)
        /// One that is asked for already is carried out no later.
        case underWay
        case full
    }

    private var waiting: [SelfID: Waiting] = [:]
    /// Those that were superseded still hold their task.
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

    /// Its delay is over. False where another one is to come in its place, or has come, or the bot has connected anew
    /// since it was asked for: it is what was wanted.
    mutating func isDue(_ number: Int, of bot: SelfID, epoch: UInt64) -> Bool {
        tasks -= 1
        guard let asked = waiting[bot], asked.number == number else { return false }
        waiting[bot] = nil
        return asked.epoch == epoch
    }

    /// It is given up.
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
