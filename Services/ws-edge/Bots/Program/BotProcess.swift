import Actions
import Bus
import Logging
import NIOCore
import Observability
import Synchronization

/// Runs a bot's own program (`bots[].command`) and starts it again whenever it ends; what it prints goes to our log.
final class BotProcess: Sendable {
    let entry: Int
    let command: [String]
    private let directory: String?
    private let eventLoop: any EventLoop
    private let timing: BotTiming
    private let stopGrace: Duration
    private let logger: Logger
    private let pause: Alarm
    private let state = Mutex(State())

    private struct State {
        var running: ChildProcess?
        /// The next end is wanted: start again at once.
        var isRestarting = false
        var gate = RestartGate(patience: .seconds(600))
    }

    init(
        entry: Int, command: [String], directory: String?, eventLoop: any EventLoop, timing: BotTiming,
        stopGrace: Duration, logger: Logger
    ) {
        self.stopGrace = stopGrace
        self.entry = entry
        self.command = command
        self.directory = directory
        self.eventLoop = eventLoop
        self.timing = timing
        pause = Alarm(eventLoop: eventLoop)
        var logger = logger
        logger[metadataKey: LogKeys.botEntry] = "bots[\(entry)]"
        self.logger = logger
    }

    /// The program that runs now.
    var pid: Int32? { state.withLock { $0.running?.pid } }

    /// The bot whose program it is has connected.
    func connected() { state.withLock { $0.gate.connected() } }

    /// Ends the program (SIGTERM, then SIGKILL); ``run()`` starts it again at once. Between two runs: starts it now.
    /// One restart at a time: the bot must have been connected since the last one.
    func restart(at now: NIODeadline = .now()) {
        let restart: (isDue: Bool, running: ChildProcess?) = state.withLock { state in
            guard state.gate.begin(at: now) else { return (false, nil) }
            state.isRestarting = state.running != nil
            return (true, state.running)
        }
        guard restart.isDue else {
            logger.info("A restart is asked for again; the bot has not been connected since the last one.")
            return
        }
        if let running = restart.running {
            running.terminate(grace: timing.terminationGrace)
        } else {
            pause.ring()
        }
    }

    /// Runs until the task is cancelled; the program is then stopped.
    func run() async {
        var backoff = Backoff(first: timing.restartFirst, longest: timing.restartLongest)
        while !Task.isCancelled {
            let started = NIODeadline.now()
            let delay: Duration
            do {
                let exit = try await runOnce()
                if NIODeadline.now() - started >= TimeAmount(timing.restartLongest) { backoff.reset() }
                let isWanted = state.withLock { state in
                    defer { state.isRestarting = false }
                    return state.isRestarting
                }
                if Task.isCancelled {
                    logger.info("The bot's program is stopped.", metadata: [LogKeys.reason: "\(exit)"])
                    return
                }
                delay = isWanted ? .zero : backoff.next()
                logEnd(exit, isWanted: isWanted, next: delay)
            } catch {
                delay = backoff.next()
                logger.error(
                    "The bot's program cannot be started; trying again.",
                    metadata: [LogKeys.error: "\(error)", LogKeys.delay: "\(delay)"])
            }
            await pause.wait(for: delay)
        }
    }

    private func logEnd(_ exit: ChildProcess.Exit, isWanted: Bool, next delay: Duration) {
        // What a shell says of a program it cannot find.
        let isMissing = exit == .code(127)
        logger.log(
            level: isWanted ? .info : isMissing ? .error : .warning,
            "The bot's program has ended; it is started again.",
            metadata: [
                LogKeys.reason: isMissing
                    ? "exit code 127: is there a program \(command[0])? Correct bots[].command." : "\(exit)",
                LogKeys.delay: "\(delay)",
            ])
    }

    /// Starts the program and waits for its end and the end of what it started.
    private func runOnce() async throws(ChildProcess.StartError) -> ChildProcess.Exit {
        let child = try ChildProcess(command: command, directory: directory, eventLoop: eventLoop) { [logger] in
            logger.info("\($1)", metadata: [LogKeys.stream: "\($0.rawValue)"])
        }
        logger.info("The bot's program is started.", metadata: [LogKeys.pid: "\(child.pid)"])
        state.withLock { $0.running = child }
        let exit = await withTaskCancellationHandler {
            await child.exit()
        } onCancel: {
            child.terminate(grace: stopGrace)
        }
        await child.sweep(grace: Task.isCancelled ? stopGrace : timing.terminationGrace)
        state.withLock { $0.running = nil }
        return exit
    }
}
