import Logging
import Metrics
import Observability
import SettingsReading

/// Reads the settings once more, and puts in force those that may change while the process runs: all of them, or none
/// where anything is wrong.
struct SettingsReload: Sendable {
    /// Keys named in one line of the log.
    private static let shownKeys = 20

    let running: Settings
    let logger: Logger
    /// Reads file, environment, secrets' files and flags as they are now.
    let load: @Sendable () throws -> Settings
    /// Makes every part of the process read them, without effect, so that every mistake in them is found.
    let check: @Sendable (Settings) throws -> Void

    private let adopted = MetricNames.settingsReloads.counter("adopted")
    private let refused = MetricNames.settingsReloads.counter("refused")

    init(
        running: Settings, logger: Logger, load: @escaping @Sendable () throws -> Settings,
        check: @escaping @Sendable (Settings) throws -> Void
    ) {
        self.running = running
        self.logger = logger
        self.load = load
        self.check = check
    }

    func perform() {
        do {
            let newer = try load()
            try check(newer)
            switch running.adopt(newer) {
            case .refused(let problems): refuse(problems.map(\.description))
            case .adopted(let changed, let pending): report(changed, pending)
            }
        } catch {
            refuse(["\(error)"])
        }
    }

    private func refuse(_ problems: [String]) {
        refused.increment()
        for problem in problems {
            logger.error("The settings were read again, and this is wrong.", metadata: [LogKeys.reason: "\(problem)"])
        }
        logger.error(
            "The settings stay as they were: correct what is wrong, and send SIGHUP again.",
            metadata: [LogKeys.count: "\(problems.count)"])
    }

    private func report(_ changed: [String], _ pending: [String]) {
        adopted.increment()
        logger.notice(
            "The settings were read again; what is pending takes a restart.",
            metadata: [LogKeys.settingsChanged: "\(list(changed))", LogKeys.settingsPending: "\(list(pending))"])
    }

    private func list(_ keys: [String]) -> String {
        if keys.isEmpty { return "none" }
        let more = keys.count - Self.shownKeys
        return keys.prefix(Self.shownKeys).joined(separator: ", ") + (more > 0 ? ", and \(more) more" : "")
    }
}
