public import Bus
import CoreMetrics
import Foundation
import Listening
public import Logging
public import NIOCore
import NIOPosix
public import Observability
public import ServiceLifecycle
public import SettingsReading
import Synchronization

/// What every process of Perpetua is made of: settings, logging, bus, threads for sockets, and the services given to
/// ``run(_:_:)``.
public final class ServiceProcess: Sendable {
    public static let version = "0.1.0"

    /// What the process is called: `perpetua`.
    public let name: String
    public let arguments: LaunchArguments
    public let settings: Settings
    public let bus: any MessageBus
    /// The largest message (``MessageLimit``).
    public let messageLimit: Int
    /// Every socket of the process lives on one of its loops; `edge.event_loops` says how many there are.
    public let eventLoopGroup: any EventLoopGroup
    public let logger: Logger
    let metrics: PrometheusMetrics
    /// How long stopping may take, all in all.
    let shutdownTimeout: Duration
    private let checks = Mutex<[@Sendable () async throws -> Void]>([])

    init(
        name: String, reach: BusReach, arguments: LaunchArguments, settings: Settings, logger: Logger,
        metrics: PrometheusMetrics = PrometheusMetrics(), eventLoopGroup group: (any EventLoopGroup)? = nil
    ) {
        self.metrics = metrics
        self.name = name
        self.arguments = arguments
        self.settings = settings
        self.logger = logger
        settings.leaveToOthers(DeploymentSettings.keys, secrets: DeploymentSettings.secrets)
        let threads = EventLoopCount.read(settings)
        eventLoopGroup = group ?? MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let (bus, limit) = BusSelection.bus(settings, reach: reach, on: eventLoopGroup.next(), logger: logger)
        self.bus = bus
        messageLimit = limit.bytes
        // Longer than any edge may take to drain.
        shutdownTimeout = settings.duration(
            "shutdown_timeout", default: .seconds(15), in: .milliseconds(100) ... .seconds(3600))
    }

    /// For health checks: whether the broker can be reached, and takes messages.
    public var busHealth: HealthCheck {
        { [bus] in
            switch bus.status {
            case .connected: nil
            case .blocked: bus.status.obstacle.map { Impairment(.degraded, $0) }
            case .disconnected: bus.status.obstacle.map { Impairment(.unavailable, $0) }
            }
        }
    }

    /// What `/metrics` answers.
    public var metricsPage: MetricsPage { MetricsPage { [metrics] in metrics.text } }

    /// Adds a check that runs before any service begins, for example whether another process is already running in its
    /// place. Where it throws, the process ends.
    public func beforeServing(_ check: @escaping @Sendable () async throws -> Void) {
        checks.withLock { $0.append(check) }
    }

    /// Answers health checks and metrics on `health.port`: for a process that has no API of its own. To be listed
    /// first, so that it stops last.
    /// - Parameter checks: those of the process's services; the bus is checked as well.
    public func healthServer(_ checks: HealthCheck...) -> any Service {
        HealthServer(
            configuration: HealthConfiguration(settings), checks: [busHealth] + checks, metrics: metricsPage,
            group: eventLoopGroup, logger: logger)
    }

    /// Runs `services` until SIGTERM, SIGINT or the failure of one of them, then ends the process: it never returns.
    ///
    /// They start together and stop in reverse order, each after the one listed below it; the bus closes last.
    /// Exit codes: 0 after a stop that was asked for, 1 when a service failed, 64 for a bad command line, 78 for bad
    /// settings.
    /// - Parameters:
    ///   - bus: whether these services are a whole deployment, or need those of other processes.
    ///   - services: builds them, without side effects: it is also called to check or list the settings, and when they
    ///     are read again on SIGHUP (``SettingsReload``).
    public static func run(
        _ name: String, bus reach: BusReach = .process,
        @ServicesBuilder _ services: @escaping @Sendable (ServiceProcess) throws -> [any Service]
    ) async -> Never {
        HangupWatch.ignore()
        let arguments = LaunchArguments(CommandLine.arguments.dropFirst())
        switch arguments.mode {
        case .version:
            print("\(name) \(version)")
            exit(ExitCode.success)
        case .help:
            print(HelpText(name: name, definitions: describe(name, bus: reach, services)).text)
            exit(ExitCode.success)
        case .check, .run: exit(await start(name, reach, arguments, services))
        }
    }

    private static func start(
        _ name: String, _ reach: BusReach, _ arguments: LaunchArguments,
        _ services: @escaping @Sendable (ServiceProcess) throws -> [any Service]
    ) async -> Int32 {
        if arguments.namesBots, !HelpText.servesBots(describe(name, bus: reach, services)) {
            say(
                name,
                "--bot and --simulated-bot make no sense here: no bot is served. Give them to perpetua or ws-edge.")
            return ExitCode.badCommandLine
        }
        let (launch, settings): (LaunchSettings, Settings)
        do throws(LaunchFailure) {
            launch = try LaunchSettings(arguments, environment: ProcessInfo.processInfo.environment)
            settings = try launch.load()
        } catch {
            say(name, error.description)
            return ExitCode.badSettings
        }
        let logging = LoggingConfiguration(settings, arguments)
        LoggingSystem.bootstrap(logging.handler, metadataProvider: LoggingConfiguration.provider)
        // Raised first: other limits are derived from it.
        let files = OpenFiles.raiseLimit()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let process = ServiceProcess(
            name: name, reach: reach, arguments: arguments, settings: settings, logger: Logger(label: name),
            metrics: metrics)
        let built: [any Service]
        do {
            built = try services(process)
        } catch {
            logging.reportFailure(of: name, error)
            return ExitCode.failure
        }
        let problems = arguments.problems + settings.problems.map(\.description)
        guard problems.isEmpty else {
            say(name, problems.count == 1 ? "one setting is wrong." : "\(problems.count) settings are wrong.")
            for problem in problems { say(problem) }
            return arguments.problems.isEmpty ? ExitCode.badSettings : ExitCode.badCommandLine
        }
        if arguments.mode == .check {
            for line in settings.effective { print(line) }
            return ExitCode.success
        }
        if files.to > files.from {
            process.logger.info(
                "The limit of open files was raised.",
                metadata: [LogKeys.limitBefore: "\(files.from)", LogKeys.limit: "\(files.to)"])
        }
        let reload = SettingsReload(running: settings, logger: process.logger, load: { try launch.load() }) { newer in
            try read(newer, name, bus: reach, on: process.eventLoopGroup, services)
        }
        return await process.serve(built, logging, reload)
    }

    /// Runs the services to their end.
    /// - Returns: the exit code.
    private func serve(
        _ services: [any Service], _ logging: LoggingConfiguration, _ reload: SettingsReload
    ) async -> Int32 {
        do {
            for check in checks.withLock({ $0 }) { try await check() }
        } catch {
            logging.reportFailure(of: name, error)
            return ExitCode.failure
        }
        let hangup = HangupWatch()
        hangup.start { reload.perform() }
        defer { hangup.stop() }
        ProcessMetrics(name: name, version: Self.version).watch(bus)
        let watch = ShutdownWatch(limit: shutdownTimeout, logger: logger)
        watch.trap([SIGTERM, SIGINT])
        let supervised = services.map { service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: SupervisedService(service, watch: watch),
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        let group = ServiceGroup(configuration: .init(services: supervised, logger: logger))
        let failure = await withTaskGroup(of: Void.self) { tasks -> (any Error)? in
            tasks.addTask {
                for await _ in watch.requests { await group.triggerGracefulShutdown() }
            }
            defer { tasks.cancelAll() }
            do {
                try await group.run()
                return nil
            } catch {
                return error
            }
        }
        watch.begin()  // Closing the bus has to end in time, too.
        await bus.close()
        guard let failure else {
            logger.info("Stopped")
            return ExitCode.success
        }
        logging.reportFailure(of: name, failure)
        return ExitCode.failure
    }

    /// Every setting the services read.
    static func describe(
        _ name: String, bus reach: BusReach = .process,
        _ services: @Sendable (ServiceProcess) throws -> [any Service]
    ) -> [Settings.Definition] {
        let settings = Settings.describing()
        // `try?`: the settings that were read before a failure are still worth listing.
        try? read(settings, name, bus: reach, services)
        return settings.definitions
    }

    /// Makes every part read its settings, and goes no further.
    /// - Parameter group: that of the process; `nil`: a new one, which is never shut down.
    static func read(
        _ settings: Settings, _ name: String, bus reach: BusReach = .process, on group: (any EventLoopGroup)? = nil,
        _ services: @Sendable (ServiceProcess) throws -> [any Service]
    ) throws {
        _ = LoggingConfiguration(settings)
        let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(
            name: name, reach: reach, arguments: LaunchArguments([]), settings: settings, logger: logger,
            eventLoopGroup: group)
        _ = try services(process)
    }

    private static func say(_ name: String, _ text: String) { say("\(name): \(text)") }

    private static func say(_ line: String) { StandardStream.error.write(line + "\n") }
}

/// Lets a process list its services, one per line; the last one stops first.
@resultBuilder
public enum ServicesBuilder {
    public static func buildExpression(_ service: any Service) -> [any Service] { [service] }
    /// A statement in the list that is not a service.
    public static func buildExpression(_ done: Void) -> [any Service] { [] }
    public static func buildBlock(_ services: [any Service]...) -> [any Service] { services.flatMap { $0 } }
    public static func buildOptional(_ services: [any Service]?) -> [any Service] { services ?? [] }
    public static func buildEither(first services: [any Service]) -> [any Service] { services }
    public static func buildEither(second services: [any Service]) -> [any Service] { services }
}
