import SettingsReading

/// The settings that only some of Perpetua's processes read. All processes may be given the same file and environment,
/// so a setting of another process is not a mistake. A test compares this list with what each process reads.
enum DeploymentSettings {
    static let keys = Set(single).union(choosers.flatMap { entry in choices.map { "\(entry).\($0)" } })

    private static let choosers = ["tokens[]", "reverse_websockets[]", "webhooks[]"]
    /// What each of these entries may choose, as clients may.
    private static let choices = [
        "post_types", "detail_types", "group_ids", "user_ids", "exclude_group_ids", "exclude_user_ids",
        "message_format", "message_sent_as", "heartbeat_interval", "meta_events", "client_status", "max_event_size",
        "group", "priority",
    ]

    private static let single = [
        "access_token", "allowed_hosts", "allowed_origins", "action_timeout", "action_timeouts", "heartbeat_interval",
        "client_status", "client_status_delay",
        "console.events",
        "client.post_types", "client.detail_types", "client.group_ids", "client.user_ids",
        "client.exclude_group_ids", "client.exclude_user_ids", "client.self_ids",
        "client.message_format", "client.message_sent_as", "client.meta_events", "client.max_event_size",
        "client.one_answer_per_write", "client.ping_interval",
        "tokens[].one_answer_per_write", "tokens[].ping_interval",
        "tokens[].name", "tokens[].token", "tokens[].self_ids", "tokens[].actions", "tokens[].events", "tokens[].http",
        "pacing.bot", "pacing.bot_burst", "pacing.chat", "pacing.chat_burst", "pacing.actions", "pacing.max_wait",
        "pacing.max_queued", "breaker.timeouts", "breaker.probe_interval",
        "bots[].url", "bots[].api_url", "bots[].event_url", "bots[].access_token", "bots[].self_id", "bots[].command",
        "bots[].directory",
        "bot_listener.access_token",
        "reverse_websockets[].url", "reverse_websockets[].api_url", "reverse_websockets[].event_url",
        "reverse_websockets[].access_token", "reverse_websockets[].self_id", "reverse_websockets[].name",
        "reverse_websockets[].one_answer_per_write", "reverse_websockets[].ping_interval",
        "webhooks[].url", "webhooks[].secret", "webhooks[].timeout", "webhooks[].at_sender", "webhooks[].self_id",
        "webhooks[].name",
        "edge.id", "edge.host", "edge.shared_port", "edge.port_mode", "edge.port_range", "edge.public_host",
        "edge.public_ports", "edge.slow_client", "edge.outbound_bytes", "edge.outbound_age", "edge.outbound_budget",
        "edge.inbound_budget", "edge.max_unanswered", "edge.max_connections", "edge.drain_time",
        "api.host", "api.port", "api.open_discovery", "api.online_clients_shape", "api.failed_status",
        "api.require_client_token", "api.identify_by_address", "api.max_body_size", "api.drain_time",
        "health.host", "health.port", "registry.database", "registry.lease", "registry.port_expiry",
    ]

    /// Those that may also be given as the content of a file, `PERPETUA_…_FILE`.
    static let secrets: Set<String> = [
        "access_token", "tokens[].token", "bots[].access_token", "bot_listener.access_token",
        "reverse_websockets[].access_token", "webhooks[].secret",
    ]
}
