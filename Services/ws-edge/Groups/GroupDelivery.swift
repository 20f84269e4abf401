import Bus
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import Synchronization

/// Gives events to the members of groups that live here, and hands on those whose member is gone.
///
/// An event names its owner's session, and with it one edge: only that one delivers it, or finds the owner gone and
/// hands it on. So it never goes to two.
final class GroupDelivery: Sendable {
    /// An event is handed on at most so often: as many members may go at once before anybody has heard of it.
    static let maxHandovers = 64

    private let groups: Groups
    private let address: EdgeAddress
    private let give: @Sendable (GroupedEvent) -> Void
    private let metrics: EdgeMetrics
    private let sender: HandoverSender
    private let state = Mutex(State())

    private struct State {
        var isLeaving = false
        var hasServed = false
    }

    /// - Parameters:
    ///   - handovers: the exchange by which events are handed on to other edges.
    ///   - give: gives an event to its owner, a session of this edge.
    init(
        groups: Groups, address: EdgeAddress, bus: any MessageBus, handovers: Exchange, metrics: EdgeMetrics,
        eventLoop: any EventLoop, give: @escaping @Sendable (GroupedEvent) -> Void
    ) {
        self.groups = groups
        self.address = address
        self.metrics = metrics
        self.give = give
        sender = HandoverSender(bus: bus, exchange: handovers, eventLoop: eventLoop, metrics: metrics)
    }

    /// An event arrived for which somebody has decided on owners: those of them that live here get it.
    func deliver(_ stamp: GroupStamp, of bot: SelfID, _ messageID: String?, frames: ByteBuffer) {
        groups.observe(stamp, of: bot, messageID)
        for owner in stamp.owners where owner.member.edge == address {
            state.withLock { $0.hasServed = true }
            give(
                GroupedEvent(
                    place: GroupRouting.Place(bot: bot, group: owner.group, chat: stamp.chat),
                    messageID: messageID ?? "", owner: owner.member, frames: frames, whenOrphaned: { self.handOn($0) }))
        }
    }

    /// Another edge hands an event on to a member that lives here.
    /// - Returns: false for what is no such message.
    func receive(_ body: ByteBuffer, _ properties: MessageProperties) -> Bool {
        guard let event = GroupedEvent(body, properties, whenOrphaned: { self.handOn($0) }) else { return false }
        give(event)
        return true
    }

    /// From now on nothing is given to members that live here: all of them are about to go.
    func leave() { state.withLock { $0.isLeaving = true } }

    /// Waits for events that still come here: until everybody knows that our members are gone, they are sent events. It
    /// takes at most a second and a little.
    func lastEvents() async {
        guard state.withLock({ $0.hasServed }) else { return }
        let deadline = ContinuousClock.now + .seconds(1)
        while groups.hasMembers(at: address), ContinuousClock.now < deadline, !Task.isCancelled {
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(10))
        }
        // Others may hear of it a little later than we do. Cancelled: then we end at once.
        try? await Task.sleep(for: .milliseconds(250))
    }

    /// Finds another member for an event whose owner is gone.
    private func handOn(_ event: GroupedEvent) {
        let isLeaving = state.withLock { $0.isLeaving }
        guard event.gone.count <= Self.maxHandovers,
            let successor = groups.successor(for: event, where: { !isLeaving || $0.edge != address })
        else {
            metrics.groups.dropped.increment()
            return
        }
        metrics.groups.handedOn.increment()
        let event = event.handed(to: successor)
        if successor.edge == address { give(event) } else { sender.send(event) }
    }
}
