import NIOCore

/// One queue of the in-memory broker: what waits, who consumes, who has what.
///
/// ```
/// enqueue → waiting → assigned (to a consumer, in turn, as its prefetch allows) → taken: unacknowledged → acknowledged
///              ↑______________________________________________________| the consumer goes: back to its old place
/// ```
///
/// Bytes count against the bound until a handler takes the message. A publish over the bound is *parked*: kept in
/// order, and confirmed when so much has left that it is within the bound, or first in the queue.
struct QueueState: Sendable {
    let declaration: QueueDeclaration
    /// The connection an exclusive queue belongs to.
    let owner: ConnectionID?

    private var waiting = CircularBuffer<QueuedMessage>()
    private var consumers: [QueueConsumer] = []
    /// Whose turn it is, as an index into `consumers`.
    private var turn = 0
    private var nextPosition: UInt64 = 0
    /// All bytes that ever came in, and all that ever left: the difference waits. A message's `end` in the stream of
    /// all bytes says when it is within the bound, without a look at its neighbours.
    private var bytesIn = 0
    private var bytesOut = 0
    private var parked = CircularBuffer<(publish: PublishID, start: Int, end: Int)>()

    init(_ declaration: QueueDeclaration, owner: ConnectionID?) {
        self.declaration = declaration
        self.owner = owner
    }

    var waitingBytes: Int { bytesIn - bytesOut }
    var hasConsumers: Bool { !consumers.isEmpty }
    var consumerIDs: [ConsumerID] { consumers.map(\.id) }
    func consumers(of connection: ConnectionID) -> [(id: ConsumerID, prefetch: Int)] {
        consumers.filter { $0.connection == connection }.map { ($0.id, $0.prefetch) }
    }
    /// The publishes that wait for room here.
    var parkedPublishes: [PublishID] { parked.map(\.publish) }

    /// Takes a message in; false if it is over the bound, so that `publish` is among
    /// the accepted ones of a later call.
    mutating func enqueue(
        _ message: PublishedMessage, publish: PublishID, at now: NIODeadline, _ actions: inout BrokerActions
    ) -> Bool {
        if waitingBytes + message.sizeBytes > declaration.maxLengthBytes { dropExpired(at: now, &actions) }
        let start = bytesIn
        bytesIn += message.sizeBytes
        let limit = declaration.messageTTL.map { now.advanced(by: $0) }
        waiting.append(
            QueuedMessage(
                published: message, position: nextPosition, wasDelivered: false,
                expiresAt: [message.expiresAt, limit].compactMap { $0 }.min()))
        nextPosition += 1
        let isWithinBound = isWithinBound(start: start, end: bytesIn)
        if !isWithinBound { parked.append((publish, start, bytesIn)) }
        assign(&actions)
        return isWithinBound
    }

    mutating func add(_ consumer: QueueConsumer, _ actions: inout BrokerActions) {
        consumers.append(consumer)
        assign(&actions)
    }

    /// Takes the consumer out; what it had goes back to its old place, marked as delivered where a handler saw it.
    /// False if it is not here.
    mutating func remove(_ id: ConsumerID, _ actions: inout BrokerActions) -> Bool {
        guard let index = index(of: id) else { return false }
        let consumer = consumers.remove(at: index)
        if turn > index { turn -= 1 }
        let seen = consumer.unacknowledged.messages
        bytesOut -= seen.reduce(0) { $0 + $1.published.sizeBytes }
        var returned = Array(consumer.assigned)
        for var message in seen {
            message.wasDelivered = true
            returned.append(message)
        }
        putBack(returned)
        assign(&actions)
        return true
    }

    mutating func acknowledge(_ tag: DeliveryTag, by id: ConsumerID, _ actions: inout BrokerActions) {
        guard let index = index(of: id), consumers[index].unacknowledged.acknowledge(tag) else { return }
        assign(&actions)
    }

    /// The consumer's next messages, at most `limit`. Where there are none, its drain ends, and it is woken when there
    /// are more.
    mutating func take(
        by id: ConsumerID, limit: Int, at now: NIODeadline, _ actions: inout BrokerActions
    ) -> ShortList<TakenMessage> {
        var taken = ShortList<TakenMessage>()
        guard let index = index(of: id) else { return taken }
        while taken.count < limit {
            guard let message = consumers[index].assigned.popFirst() else {
                assign(&actions)
                if consumers[index].assigned.isEmpty { break }
                continue
            }
            bytesOut += message.published.sizeBytes
            if message.hasExpired(at: now) { continue }
            let tag = consumers[index].unacknowledged.add(message)
            taken.append(TakenMessage(published: message.published, tag: tag, wasDelivered: message.wasDelivered))
        }
        if taken.isEmpty { consumers[index].isDrainScheduled = false }
        confirmWhatIsWithinBound(&actions)
        return taken
    }

    /// The publish's connection is closed: nobody waits for its confirm any more.
    mutating func forget(_ publishes: Set<PublishID>) {
        parked.removeAll { publishes.contains($0.publish) }
    }

    /// Assigns waiting messages to the consumers, in turn. An idle consumer is woken.
    private mutating func assign(_ actions: inout BrokerActions) {
        while !waiting.isEmpty, let index = nextWithCapacity() {
            consumers[index].assigned.append(waiting.removeFirst())
            turn = (index + 1) % consumers.count
            if !consumers[index].isDrainScheduled {
                consumers[index].isDrainScheduled = true
                actions.wake.append(consumers[index].id)
            }
        }
    }

    private func nextWithCapacity() -> Int? {
        if declaration.hasSingleActiveConsumer {
            guard let first = consumers.first, first.hasCapacity else { return nil }
            return 0
        }
        for offset in consumers.indices {
            let index = (turn + offset) % consumers.count
            if consumers[index].hasCapacity { return index }
        }
        return nil
    }

    /// Merges by position: other consumers may have gone before, and given messages back.
    private mutating func putBack(_ returned: [QueuedMessage]) {
        var front = returned
        guard let last = front.map(\.position).max() else { return }
        while let next = waiting.first, next.position < last { front.append(waiting.removeFirst()) }
        front.sort { $0.position < $1.position }
        for message in front.reversed() { waiting.prepend(message) }
    }

    private mutating func dropExpired(at now: NIODeadline, _ actions: inout BrokerActions) {
        while let first = waiting.first, first.hasExpired(at: now) {
            bytesOut += first.published.sizeBytes
            waiting.removeFirst()
        }
        confirmWhatIsWithinBound(&actions)
    }

    private mutating func confirmWhatIsWithinBound(_ actions: inout BrokerActions) {
        while let first = parked.first, isWithinBound(start: first.start, end: first.end) {
            parked.removeFirst()
            actions.accepted.append(first.publish)
        }
    }

    private func isWithinBound(start: Int, end: Int) -> Bool {
        end - bytesOut <= declaration.maxLengthBytes || start <= bytesOut
    }

    private func index(of id: ConsumerID) -> Int? {
        consumers.firstIndex { $0.id == id }
    }
}
