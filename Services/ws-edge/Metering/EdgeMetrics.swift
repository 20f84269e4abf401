import Actions
import Metrics
import NIOCore
import Observability
import OneBot

/// What an operator sees of the edge's clients: every handle is made once, here.
final class EdgeMetrics: Sendable {
    let eventsReceived = MetricNames.eventsReceived.counter()
    let eventsDelivered = MetricNames.eventsDelivered.counter()
    let eventsDropped = MetricNames.eventsDropped.counter()
    let eventsTooLarge = MetricNames.eventsTooLarge.counter()
    let eventGaps = MetricNames.eventGaps.counter()
    let repeatsDropped = MetricNames.repeatsDropped.counter()
    let slowClientsClosed = MetricNames.slowClientsClosed.counter()
    let answersCut = MetricNames.answersCut.counter()
    let groupEventsHandedOn = MetricNames.groupEventsHandedOn.counter()
    let groupEventsDropped = MetricNames.groupEventsDropped.counter()
    let lateAnswers = MetricNames.lateAnswers.counter()
    let eventHandling = MetricNames.eventHandling.timer()
    let hubBacklog = MetricNames.hubBacklog.gauge()
    let outbound = MetricNames.outbound.gauge()
    let inbound = MetricNames.inbound.gauge()
    let targetConnected = MetricNames.targetDials.counter("connected")
    let targetRefused = MetricNames.targetDials.counter("failed")
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
