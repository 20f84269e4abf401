import Dispatch
import Foundation
import Logging
import Synchronization

/// Makes sure that the process ends when asked, and in time. It has a queue of its own, so that no stuck service can
/// prevent it.
final class ShutdownWatch: Sendable {
    private let limit: Duration
    private let logger: Logger
    private let queue = DispatchQueue(label: "shutdown")
    private let state = Mutex(ShutdownState())
    private let sources = Mutex<[any DispatchSourceSignal]>([])
    private let request: AsyncStream<Void>.Continuation
    /// Yields when a signal asks to stop gracefully.
    let requests: AsyncStream<Void>

    /// - Parameter limit: from the moment stopping begins; after it the process exits anyway.
    init(limit: Duration, logger: Logger) {
        self.limit = limit
        self.logger = logger
        (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// From now on these signals are requests to stop, and SIGPIPE is ignored (writing to a closed connection returns
    /// an error).
    func trap(_ signals: [Int32]) {
        signal(SIGPIPE, SIG_IGN)
        for number in signals {
            signal(number, SIG_IGN)
            sources.withLock { sources in
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { [weak self] in self?.received(number) }
                source.resume()
                sources.append(source)
            }
        }
    }

    /// Begins the time for stopping, once.
    /// - Returns: whether it was this call.
    @discardableResult
    func begin() -> Bool {
        guard state.withLock({ $0.begin() }) else { return false }
        let milliseconds = Int(limit / .milliseconds(1))
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [logger, limit] in
            logger.critical(
                "Stopping took too long, so the process ends now. Raise shutdown_timeout if this is too soon",
                metadata: ["limit": "\(limit)"])
            ChildPrograms.terminate()
            _exit(ExitCode.failure)
        }
        return true
    }

    private func received(_ number: Int32) {
        switch state.withLock({ $0.received(signal: number, at: .now) }) {
        case .stopGracefully:
            logger.notice("Stopping; a second signal ends the process at once", metadata: ["signal": "\(number)"])
            begin()
            request.yield()
        case .wait: break
        case .exitAtOnce(let code):
            logger.warning("A second signal: the process ends now", metadata: ["signal": "\(number)"])
            ChildPrograms.terminate()
            _exit(code)
        }
    }
}

/// Programs that this process started, such as bots.
enum ChildPrograms {
    /// Asks each to end, where the process cannot wait for its services to do so.
    static func terminate() {
        let tasks = "/proc/self/task"
        // `try?`: without /proc they live on, and their supervisor finds them when it starts again.
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            let children = (try? String(contentsOfFile: "\(tasks)/\(task)/children", encoding: .utf8)) ?? ""
            for pid in children.split(separator: " ").compactMap({ pid_t($0) }) { kill(pid, SIGTERM) }
        }
    }
}
