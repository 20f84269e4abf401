import Foundation
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// One run of a program, in a process group of its own, without our open files and our signal settings.
final class ChildProcess: Sendable {
    enum Stream: String, Sendable { case stdout, stderr }

    /// How a program ended.
    enum Exit: Sendable, Hashable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    struct StartError: Error, CustomStringConvertible {
        let description: String
    }

    let pid: pid_t
    private let eventLoop: any EventLoop
    private let exited: EventLoopPromise<Exit>
    private let outputs: [EventLoopFuture<any Channel>]
    private let state = Mutex(State())

    private struct State {
        /// Once reaped, the number may be another program's.
        var isReaped = false
        var isTerminating = false
    }

    /// Starts the program; it is looked for in `PATH` if its name holds no `/`.
    /// - Parameter output: a line the program wrote; on the event loop.
    init(
        command: [String], directory: String?, eventLoop: any EventLoop,
        output: @escaping @Sendable (Stream, String) -> Void
    ) throws(StartError) {
        self.eventLoop = eventLoop
        if let directory, !FileManager.default.fileExists(atPath: directory) {
            throw StartError(description: "There is no directory \(directory). Correct bots[].directory.")
        }
        let stdout = try Self.pipe()
        let stderr: (read: CInt, write: CInt)
        do { stderr = try Self.pipe() } catch {
            close(stdout.read)
            close(stdout.write)
            throw error
        }
        let (result, pid) = Self.spawn(command, in: directory, stdout: stdout.write, stderr: stderr.write)
        close(stdout.write)
        close(stderr.write)
        guard result == 0 else {
            close(stdout.read)
            close(stderr.read)
            let reason = String(cString: strerror(result))
            throw StartError(
                description: "Cannot start \(command[0]): \(reason). Correct bots[].command, or install the program.")
        }
        self.pid = pid
        exited = eventLoop.makePromise(of: Exit.self)
        outputs = [(stdout.read, Stream.stdout), (stderr.read, Stream.stderr)].map { file, stream in
            NIOPipeBootstrap(group: eventLoop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LineHandler { output(stream, $0) })
                    }
                }
                .takingOwnershipOfDescriptor(input: file).map { $0 }
        }
        Thread.detachNewThread { self.awaitExit() }
    }

    /// Waits for the program's end: always, whether the task is cancelled or not.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            exited.futureResult.whenSuccess { continuation.resume(returning: $0) }
        }
    }

    /// SIGTERM to the program and what it started, SIGKILL after `grace`. A second call does nothing.
    func terminate(grace: Duration) {
        let isFirst = state.withLock { state in
            defer { state.isTerminating = true }
            return !state.isTerminating
        }
        guard isFirst else { return }
        signalGroup(SIGTERM)
        let killing = eventLoop.scheduleTask(in: TimeAmount(grace)) { self.signalGroup(SIGKILL) }
        exited.futureResult.whenComplete { _ in killing.cancel() }
    }

    /// After the exit: ends what the program left behind in its group, within `grace`, and its output.
    func sweep(grace: Duration) async {
        let wasTerminated = state.withLock { $0.isTerminating }
        let deadline = NIODeadline.now() + TimeAmount(grace)
        if ProcessGroup.isAlive(pid) {
            if !wasTerminated { kill(-pid, SIGTERM) }
            while ProcessGroup.isAlive(pid) {
                guard .now() < deadline else {
                    kill(-pid, SIGKILL)
                    break
                }
                await wait(.milliseconds(20))
            }
        }
        for output in outputs {
            // `try?`: a pipe that could not be opened needs no closing, and a closed one neither.
            guard let channel = try? await output.get() else { continue }
            let timer = eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
            try? await channel.closeFuture.get()
            timer.cancel()
        }
    }

    /// A wait that cancellation does not end.
    private func wait(_ amount: TimeAmount) async {
        await withCheckedContinuation { continuation in
            _ = eventLoop.scheduleTask(in: amount) { continuation.resume() }
        }
    }

    private func signalGroup(_ signal: CInt) {
        // Under the lock, so that the group cannot be reaped in between; `kill` does not block.
        state.withLock { state in
            if !state.isReaped { _ = kill(-pid, signal) }
        }
    }

    /// On a thread of its own: `waitid` blocks.
    private func awaitExit() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        var status: CInt = 0
        state.withLock { state in
            waitpid(pid, &status, WNOHANG)
            state.isReaped = true
        }
        let signal = status & 0x7f
        exited.succeed(signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal))
    }
}

extension ChildProcess {
    private static func pipe() throws(StartError) -> (read: CInt, write: CInt) {
        var files: [CInt] = [0, 0]
        guard Glibc.pipe(&files) == 0 else {
            throw StartError(description: "Cannot open a pipe: \(String(cString: strerror(errno))).")
        }
        for file in files { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        return (files[0], files[1])
    }

    private static func spawn(
        _ command: [String], in directory: String?, stdout: CInt, stderr: CInt
    ) -> (error: CInt, pid: pid_t) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, stdout, 1)
        posix_spawn_file_actions_adddup2(&actions, stderr, 2)
        for file in openFiles where file > 2 { posix_spawn_file_actions_addclose(&actions, file) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // We may ignore SIGTERM ourselves (a signal source does); the program must not inherit that.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // There is no portable way to spawn in another directory: a shell goes there and becomes the program.
        let command = directory.map { ["/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", $0] + command } ?? command
        let arguments = command.map { strdup($0) } + [nil]
        let environment = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, environment)
        return (error, pid)
    }

    /// Nearly all descriptors close themselves when a program starts (`FD_CLOEXEC`); those of libraries may not.
    private static var openFiles: [CInt] {
        // `try?`: without /proc we rely on `FD_CLOEXEC`.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { CInt($0) }
    }

    /// Our environment without our own settings, which hold secrets.
    private static var environment: [String] {
        ProcessInfo.processInfo.environment.compactMap { name, value in
            name.hasPrefix("PERPETUA_") ? nil : "\(name)=\(value)"
        }
    }
}

/// Bytes of a pipe → lines.
private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var lines = LineSplitter()
    private let output: (String) -> Void

    init(_ output: @escaping (String) -> Void) {
        self.output = output
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for line in lines.add(unwrapInboundIn(data)) { output(line) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let line = lines.finish() { output(line) }
        context.fireChannelInactive()
    }
}
