/// Every metric of Perpetua, each name written once; docs/operating.md has the same list for operators.
public enum MetricNames {
    /// From half a millisecond to an action's default timeout.
    private static let latencies = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Work within one process.
    private static let turns = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1]

    // Every process.
    public static let info = MetricName(
        "perpetua_info", .gauge, labels: ["process", "version"], "Always 1: which process this is.")
    public static let busStatus = MetricName(
        "perpetua_bus_status", .gauge, labels: ["state"], "1 for the state the connection to the broker is in, else 0.")
    public static let busReconnects = MetricName(
        "perpetua_bus_reconnects_total", .counter, "Connections to the broker made again after a loss.")
    public static let busPublishes = MetricName(
        "perpetua_bus_publishes_total", .counter, labels: ["outcome"], "Messages published, by how it ended.")
    public static let busConfirmsOutstanding = MetricName(
        "perpetua_bus_confirms_outstanding", .gauge, "Messages sent that the broker has not confirmed yet.")
    public static let busRedeliveries = MetricName(
        "perpetua_bus_redeliveries_total", .counter, "Messages the broker delivered again.")
    public static let settingsReloads = MetricName(
        "perpetua_settings_reloads_total", .counter, labels: ["outcome"],
        "Settings read again on SIGHUP: in force since then, or refused for a mistake in them.")

    public static let acceptPauses = MetricName(
        "perpetua_accept_pauses_total", .counter,
        "How often a listener stopped accepting for a while because the process had no descriptor left.")

    // The edge: clients.
    public static let connectionsRefused = MetricName(
        "perpetua_connections_refused_total", .counter,
        "Clients answered 503 because edge.max_connections connections were open.")
    public static let clients = MetricName(
        "perpetua_clients", .gauge, labels: ["role"], "Clients connected to this edge.")
    public static let eventsReceived = MetricName(
        "perpetua_events_received_total", .counter, "Bots' events that reached this edge over the bus.")
    public static let eventsDelivered = MetricName(
        "perpetua_events_delivered_total", .counter, "Bots' events handed to clients' connections, one for each client."
    )
    public static let eventsDropped = MetricName(
        "perpetua_events_dropped_total", .counter, "Events a client lost because it was too slow.")
    public static let eventsTooLarge = MetricName(
        "perpetua_events_too_large_total", .counter,
        "Events left out for a client, and declared by event_gap, since they were larger than its max_event_size.")
    public static let eventGaps = MetricName(
        "perpetua_event_gaps_total", .counter, "Places where events are missing, declared to clients by event_gap.")
    public static let repeatsDropped = MetricName(
        "perpetua_repeats_dropped_total", .counter, "Messages that had come before, and were dropped.")
    public static let slowClientsClosed = MetricName(
        "perpetua_slow_clients_closed_total", .counter, "Clients disconnected because they were too far behind.")
    public static let groupEventsHandedOn = MetricName(
        "perpetua_group_events_handed_on_total", .counter,
        "Events given to another member of their group, since the one they were meant for was gone.")
    public static let groupEventsDropped = MetricName(
        "perpetua_group_events_dropped_total", .counter,
        "Events meant for a member of a group that was gone, for whom no other was found.")
    public static let eventHandling = MetricName(
        "perpetua_event_handling_seconds", .histogram, buckets: turns,
        "From an event's arrival over the bus to the end of the writes to clients; once for all that came together.")
    public static let hubBacklog = MetricName(
        "perpetua_hub_backlog_bytes", .gauge, "Messages that wait for their turn to be written to clients.")
    public static let outbound = MetricName(
        "perpetua_outbound_bytes", .gauge, "What clients have not taken yet; edge.outbound_budget bounds it.")
    public static let inbound = MetricName(
        "perpetua_inbound_bytes", .gauge,
        "Messages that are still arriving, as far as they wait in memory; edge.inbound_budget bounds it.")
    public static let messagesDiscarded = MetricName(
        "perpetua_messages_discarded_total", .counter, labels: ["from", "reason"],
        "Messages received over WebSocket that could not be kept or read; whoever sent them or waits for them was told."
    )
    public static let targetDials = MetricName(
        "perpetua_target_dials_total", .counter, labels: ["outcome"],
        "Attempts to reach frameworks of reverse_websockets[]: connected or failed.")

    // The edge: webhooks.
    public static let webhookPosts = MetricName(
        "perpetua_webhook_posts_total", .counter, labels: ["outcome"], "Requests to webhooks, by how they ended.")
    public static let webhookEventsDropped = MetricName(
        "perpetua_webhook_events_dropped_total", .counter, labels: ["reason"], "Events a webhook did not get.")
    public static let quickOperationsFailed = MetricName(
        "perpetua_quick_operations_failed_total", .counter,
        "Actions of webhooks' quick operations that the bot, or Perpetua, answered as failed.")

    // The edge: bots.
    public static let bots = MetricName(
        "perpetua_bots", .gauge, labels: ["state"], "Bots known to this edge whose link is up, or down.")
    public static let botUp = MetricName(
        "perpetua_bot_up", .gauge, labels: ["bot"], "1 where the link of bots[] number so-and-so is up here.")
    public static let botEventAge = MetricName(
        "perpetua_bot_last_event_age_seconds", .gauge, labels: ["bot"],
        "Since the last event of that entry of bots[] (others: the most silent bot without an entry whose link is up).")
    public static let botSilent = MetricName(
        "perpetua_bot_silent", .gauge, labels: ["bot"],
        "1 where the bot of that entry of bots[] does not answer and its actions fail at once (others: how many do so)."
    )
    public static let eventsPublished = MetricName(
        "perpetua_events_published_total", .counter, "Events that bots linked here sent, put on the bus.")
    public static let eventsRefused = MetricName(
        "perpetua_events_refused_total", .counter, "Events the bus refused (too large, for one): a gap for clients.")
    public static let framesIgnored = MetricName(
        "perpetua_frames_ignored_total", .counter, "Frames from a bot's connection that has no part in them.")
    public static let actionsRefused = MetricName(
        "perpetua_actions_refused_total", .counter, "Actions answered 1503 because too many waited for their bot.")
    public static let actionsRepeated = MetricName(
        "perpetua_actions_repeated_total", .counter, "Actions that came a second time, and were not carried out again.")
    public static let eventsSuperseded = MetricName(
        "perpetua_events_superseded_total", .counter,
        "Events dropped because another edge had the bot when the broker was back: a gap for clients.")
    public static let actionsWaiting = MetricName(
        "perpetua_actions_waiting", .gauge, "Actions that wait until their bot's connection takes them.")
    public static let actionsWaitingBytes = MetricName(
        "perpetua_actions_waiting_bytes", .gauge, "The size of the actions that wait for their bot's connection.")

    public static let actionsUnanswering = MetricName(
        "perpetua_actions_unanswering_total", .counter,
        "Actions answered 1503 because their bot had not answered for long.")
    public static let unattendedFailed = MetricName(
        "perpetua_unattended_actions_failed_total", .counter,
        "Actions that failed and whose outcome nobody waited for: called with _async or _rate_limited, or without reply_to."
    )
    public static let pacedWaiting = MetricName(
        "perpetua_paced_actions_waiting", .gauge, "Actions that wait for their turn at a bot (pacing).")
    public static let pacedRefused = MetricName(
        "perpetua_paced_actions_refused_total", .counter, labels: ["reason"],
        "Actions answered 1429: too many waited for their turn, or it did not come in time.")
    public static let pacedWait = MetricName(
        "perpetua_paced_action_wait_seconds", .histogram, buckets: latencies,
        "How long actions that were sent had waited for their turn.")

    // Actions, at the door they came through.
    public static let actions = MetricName(
        "perpetua_actions_total", .counter, labels: ["door", "outcome"], "Actions answered, bots' and our own.")
    public static let actionDuration = MetricName(
        "perpetua_action_duration_seconds", .histogram, labels: ["door"], buckets: latencies,
        "From an action's arrival to its answer.")
    public static let answersCut = MetricName(
        "perpetua_answers_cut_total", .counter,
        "Answers in parts that were ended with 1413, since whoever asked took them too slowly.")
    public static let lateAnswers = MetricName(
        "perpetua_late_answers_total", .counter, "Answers that came when nobody waited for them any more.")

    // The gateway.
    public static let httpRequests = MetricName(
        "perpetua_http_requests_total", .counter, labels: ["status"], "HTTP requests answered, by status.")
    public static let httpDuration = MetricName(
        "perpetua_http_request_duration_seconds", .histogram, buckets: latencies,
        "From an HTTP request's head to its answer.")

    // The registry.
    public static let registryActive = MetricName(
        "perpetua_registry_active", .gauge, "1 where this registry is at work, 0 where it starts or stands by.")
    public static let registryEdges = MetricName("perpetua_registry_edges", .gauge, "Edges that are up.")
    public static let registryClients = MetricName("perpetua_registry_clients", .gauge, "Clients that are online.")
    public static let registryBots = MetricName("perpetua_registry_bots", .gauge, "Bots whose link is up.")
    public static let leasesExpired = MetricName(
        "perpetua_leases_expired_total", .counter, labels: ["lease"],
        "Leases that lapsed: of edges that fell silent, of clients that did not come back, of ports nobody connected to."
    )

    public static let all: [MetricName] = [
        info, busStatus, busReconnects, busPublishes, busConfirmsOutstanding, busRedeliveries,
        settingsReloads, acceptPauses,
        connectionsRefused, clients, eventsReceived, eventsDelivered, eventsDropped, eventsTooLarge, eventGaps,
        repeatsDropped, slowClientsClosed,
        groupEventsHandedOn, groupEventsDropped,
        eventHandling, hubBacklog, outbound, inbound, messagesDiscarded,
        targetDials,
        webhookPosts, webhookEventsDropped, quickOperationsFailed,
        bots, botUp, botEventAge, botSilent, eventsPublished, eventsRefused, framesIgnored, actionsRefused,
        actionsRepeated,
        eventsSuperseded, actionsWaiting, actionsWaitingBytes, actionsUnanswering, unattendedFailed, pacedWaiting,
        pacedRefused,
        pacedWait,
        actions, actionDuration, answersCut, lateAnswers,
        httpRequests, httpDuration,
        registryActive, registryEdges, registryClients, registryBots, leasesExpired,
    ]
}
