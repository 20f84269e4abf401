import ArgumentParser
import BenchEngine
import Foundation
import Histogram

/// One run of the engine, and its results.
struct Measurement {
    private let command: PerpetuaBench
    private let result: bench_result
    /// The latency of each delivery, in microseconds.
    private let latency: Histogram<UInt64>

    /// - Throws: a `ValidationError` that says what the engine could not do.
    init(_ command: PerpetuaBench) throws {
        var result = bench_result()
        let failed = Self.withOptions(of: command) { options in
            withUnsafePointer(to: options) { bench_run($0, &result) } != 0
        }
        defer { bench_free(&result) }
        if failed {
            let message = withUnsafeBytes(of: result.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw ValidationError(message)
        }
        var latency = Histogram<UInt64>(
            lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)
        for sample in UnsafeBufferPointer(start: result.latencies, count: result.latency_count) {
            _ = latency.record(UInt64(sample))
        }
        self.command = command
        self.result = result
        self.latency = latency
    }

    /// Whether every message came once and in order.
    var isClean: Bool { result.lost == 0 && result.repeated == 0 && result.disordered == 0 && result.foreign == 0 }

    private var cpuPerDelivery: Double { result.cpu_seconds * 1e6 / Double(max(result.delivered, 1)) }
    private func milliseconds(_ percentile: Double) -> Double {
        Double(latency.valueAtPercentile(percentile)) / 10_000
    }

    var json: String {
        let values: [(String, String)] = [
            ("scenario", "\"\(command.scenario.rawValue)\""), ("dialect", "\"\(command.dialect.rawValue)\""),
            ("clients", "\(command.clients)"), ("sleepers", "\(command.sleepers)"), ("rate", "\(command.rate)"),
            ("window", "\(command.window)"), ("payload", "\(command.payload)"), ("sent", "\(result.sent)"),
            ("delivered", "\(result.delivered)"), ("lost", "\(result.lost)"), ("repeated", "\(result.repeated)"),
            ("disordered", "\(result.disordered)"), ("foreign", "\(result.foreign)"),
            ("wall_seconds", Self.number(result.wall_seconds)), ("cpu_seconds", Self.number(result.cpu_seconds)),
            ("own_cpu_seconds", Self.number(result.own_cpu_seconds)),
            ("connect_seconds", Self.number(result.connect_seconds)),
            ("cpu_us_per_delivery", Self.number(cpuPerDelivery)),
            ("deliveries_per_second", Self.number(Double(result.delivered) / max(result.wall_seconds, 1e-9))),
            ("p50_ms", Self.number(milliseconds(50))), ("p90_ms", Self.number(milliseconds(90))),
            ("p99_ms", Self.number(milliseconds(99))), ("p999_ms", Self.number(milliseconds(99.9))),
            ("max_ms", Self.number(milliseconds(100))), ("rss_idle_kib", Self.number(result.rss_idle_kib)),
            ("rss_ready_kib", Self.number(result.rss_ready_kib)), ("rss_end_kib", Self.number(result.rss_end_kib)),
            ("rss_peak_kib", Self.number(result.rss_peak_kib)),
        ]
        return "{" + values.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    var table: String {
        let ledger =
            isClean
            ? "every message once and in order"
            : "lost \(result.lost), repeated \(result.repeated), out of order \(result.disordered), foreign \(result.foreign)"
        var rows = [
            ("delivered", "\(result.delivered) in \(Self.number(result.wall_seconds)) s, \(ledger)"),
            ("throughput", "\(Int(Double(result.delivered) / max(result.wall_seconds, 1e-9))) deliveries/s"),
            (
                "latency",
                "p50 \(Self.number(milliseconds(50))) ms, p99 \(Self.number(milliseconds(99))) ms, "
                    + "p99.9 \(Self.number(milliseconds(99.9))) ms, max \(Self.number(milliseconds(100))) ms"
            ),
        ]
        if !command.pids.isEmpty {
            let perConnection = (result.rss_ready_kib - result.rss_idle_kib) / Double(max(command.clients, 1))
            rows += [
                ("CPU", "\(Self.number(cpuPerDelivery)) µs per delivery (\(Self.number(result.cpu_seconds)) s)"),
                (
                    "memory",
                    "\(Int(result.rss_ready_kib)) KiB connected, \(Int(result.rss_peak_kib)) KiB at most, "
                        + "\(Self.number(perConnection)) KiB per connection"
                ),
            ]
        }
        rows.append(("connecting", "\(Self.number(result.connect_seconds)) s"))
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { $0.0.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.1 }.joined(
            separator: "\n")
    }

    private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

    private static func withNumbers<Result>(
        _ ports: [Int32], _ pids: [Int32],
        _ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Int32>) -> Result
    ) -> Result {
        ports.withUnsafeBufferPointer { ports in pids.withUnsafeBufferPointer { pids in body(ports, pids) } }
    }

    /// The engine's options, valid during `body`.
    private static func withOptions<Result>(
        of command: PerpetuaBench, _ body: (bench_options) -> Result
    ) -> Result {
        command.host.withCString { host in
            command.botPath.withCString { botPath in
                command.clientPath.withCString { clientPath in
                    Self.withNumbers(command.ports, command.pids) { ports, pids in
                        var options = bench_options()
                        options.host = host
                        options.ports = ports.baseAddress
                        options.port_count = Int32(clamping: ports.count)
                        options.dialect = command.dialect.code
                        options.scenario = command.scenario.code
                        options.clients = Int32(clamping: command.clients)
                        options.sleepers = Int32(clamping: command.sleepers)
                        options.rate = command.rate
                        options.window = Int32(clamping: command.window)
                        options.payload = Int32(clamping: command.payload)
                        options.messages = command.messages
                        options.warmup = command.warmup
                        options.time_limit = command.limit
                        options.hold = command.hold
                        options.bot_path = botPath
                        options.client_path = clientPath
                        options.pids = pids.baseAddress
                        options.pid_count = Int32(clamping: pids.count)
                        guard let token = command.token else { return body(options) }
                        return token.withCString {
                            options.token = $0
                            return body(options)
                        }
                    }
                }
            }
        }
    }
}

extension PerpetuaBench.Scenario {
    fileprivate var code: bench_scenario {
        switch self {
        case .events: BENCH_EVENTS
        case .actions: BENCH_ACTIONS
        case .broadcast: BENCH_BROADCAST
        case .connect: BENCH_CONNECT
        }
    }
}

extension PerpetuaBench.Dialect {
    fileprivate var code: bench_dialect {
        switch self {
        case .onebot: BENCH_ONEBOT
        case .floor: BENCH_FLOOR
        case .nats: BENCH_NATS
        case .stomp: BENCH_STOMP
        case .mqtt: BENCH_MQTT
        }
    }
}
