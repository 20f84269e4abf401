import Actions
import Metrics
import NIOCore
import Observability
import OneBot

/// What an operator sees of the edge's clients: every handle is made once, here.
final class EdgeMetrics: Sendable {
    struct EventCounters: Sendable {
        let received = MetricNames.eventsReceived.counter()
        let delivered = MetricNames.eventsDelivered.counter()
        let dropped = MetricNames.eventsDropped.counter()
        let tooLarge = MetricNames.eventsTooLarge.counter()
        let gaps = MetricNames.eventGaps.counter()
        let repeats = MetricNames.repeatsDropped.counter()
    }

    struct GroupCounters: Sendable {
        let handedOn = MetricNames.groupEventsHandedOn.counter()
        let dropped = MetricNames.groupEventsDropped.counter()
    }

    struct TargetCounters: Sendable {
        let connected = MetricNames.targetDials.counter("connected")
        let refused = MetricNames.targetDials.counter("failed")
    }

    let events = EventCounters()
    let groups = GroupCounters()
    let targets = TargetCounters()
    let slowClientsClosed = MetricNames.slowClientsClosed.counter()
    let answersCut = MetricNames.answersCut.counter()
    let lateAnswers = MetricNames.lateAnswers.counter()
    let eventHandling = MetricNames.eventHandling.timer()
    let hubBacklog = MetricNames.hubBacklog.gauge()
    let outbound = MetricNames.outbound.gauge()
    let inbound = MetricNames.inbound.gauge()
    let actions = ActionMetrics(door: .websocket)
    private let universal = MetricNames.clients.gauge(ClientRole.universal.rawValue)
    private let api = MetricNames.clients.gauge(ClientRole.api.rawValue)
    private let event = MetricNames.clients.gauge(ClientRole.event.rawValue)

    init() { UnreadableFrame.Cause.makeCounters() }

    func clients(_ role: ClientRole) -> Meter {
        switch role {
        case .universal: universal
        case .api: api
        case .event: event
        }
    }
}
