import NIOCore

/// The actions that came but nobody has asked for yet, and those who wait for one. Confined to the bot's event loop.
struct ActionRecord {
    struct Waiter {
        let id: Int
        /// `nil`: any action.
        let name: String?
        let promise: EventLoopPromise<ReceivedAction>
    }

    private let capacity: Int
    private(set) var unread: [ReceivedAction] = []
    private var waiters: [Waiter] = []
    private var lastWaiter = 0
    private(set) var total = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Gives the action to the first who waits for it, or keeps it.
    mutating func received(_ action: ReceivedAction) {
        total += 1
        if let index = waiters.firstIndex(where: { Self.matches($0.name, action) }) {
            waiters.remove(at: index).promise.succeed(action)
        } else if capacity > 0 {
            if unread.count >= capacity { unread.removeFirst() }
            unread.append(action)
        }
    }

    /// The oldest unread action of that name.
    mutating func take(_ name: String?) -> ReceivedAction? {
        unread.firstIndex { Self.matches(name, $0) }.map { unread.remove(at: $0) }
    }

    /// Adds a waiter, and returns the number by which it can give up.
    mutating func wait(for name: String?, _ promise: EventLoopPromise<ReceivedAction>) -> Int {
        lastWaiter += 1
        waiters.append(Waiter(id: lastWaiter, name: name, promise: promise))
        return lastWaiter
    }

    mutating func giveUp(_ id: Int, _ error: SimulatedBotError) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).promise.fail(error)
    }

    mutating func giveUpAll(_ error: SimulatedBotError) {
        for waiter in waiters { waiter.promise.fail(error) }
        waiters = []
    }

    private static func matches(_ name: String?, _ action: ReceivedAction) -> Bool {
        name.map { $0.utf8.elementsEqual(action.name.utf8) } ?? true
    }
}
