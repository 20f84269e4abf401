/// What is to be done once the broker's state has changed and its lock is released.
struct BrokerActions: Sendable {
    /// Consumers whose event loop is to look for messages.
    var wake = ShortList<ConsumerID>()
    /// Consumers whose queue went away under them.
    var cancel: [ConsumerID] = []
    /// Parked publishes that one queue now has room for. ``BrokerState`` turns them into `settle`.
    var accepted: [PublishID] = []
    /// Parked publishes that have ended, and how.
    var settle: [(publish: PublishID, outcome: PublishOutcome)] = []
}
