import Contracts
import Foundation
import Logging
import NIOPosix
import OneBot
import Synchronization
import TestSupport
import Testing

@testable import WSEdge

@Suite("BotProcess: a bot's own program", .timeLimit(.minutes(1)))
struct BotProcessTests {
    private let log = BotLog()

    private func withProcess(
        _ command: [String], directory: String? = nil, timing: BotTiming = BotBench.quick,
        _ body: (BotProcess) async throws -> Void
    ) async throws {
        let process = BotProcess(
            entry: 0, command: command, directory: directory, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            timing: timing, stopGrace: timing.terminationGrace, logger: log.logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await process.run() }
            do {
                try await body(process)
            } catch {
                tasks.cancelAll()
                throw error
            }
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    private func script(_ text: String) -> [String] { ["/bin/sh", "-c", text] }

    private func lines(_ stream: String) -> [String] {
        log.entries.filter { $0.metadata["process.stream"] == stream }.map(\.message)
    }

    private func untilRunning(_ process: BotProcess, otherThan old: Int32? = nil) async throws -> Int32 {
        let pid = try await eventually("the program runs", read: { process.pid }, until: { $0 != nil && $0 != old })
        return try #require(pid)
    }

    @Test("what it prints is logged line by line")
    func output() async throws {
        try await withProcess(script("echo one; echo two >&2; printf three; sleep 60")) { _ in
            try await eventually("both lines are logged") { lines("stdout") == ["one"] && lines("stderr") == ["two"] }
        }
        #expect(lines("stdout") == ["one", "three"])
    }

    @Test("it is started again when it ends, and its zombie is reaped")
    func restartsWhenItEnds() async throws {
        try await withProcess(script("echo run; exit 3")) { _ in
            try await eventually("it ran three times") { lines("stdout").count >= 3 }
            #expect(
                log.entries.contains { $0.level == .warning && $0.metadata["reason"]?.contains("exit code 3") == true })
        }
    }

    @Test("stopping it takes what it started along")
    func stop() async throws {
        let pids = Mutex<[Int32]>([])
        try await withProcess(script("sleep 600 & echo $!; wait")) { process in
            let pid = try await untilRunning(process)
            try await eventually("its child runs") { lines("stdout").count == 1 }
            pids.withLock { $0 = [pid, Int32(lines("stdout")[0]) ?? 0] }
        }
        for pid in pids.withLock({ $0 }) { #expect(kill(pid, 0) != 0 || isZombie(pid)) }
    }

    @Test("what ignores SIGTERM is killed")
    func kills() async throws {
        var timing = BotBench.quick
        timing.terminationGrace = .milliseconds(100)
        let last = Mutex<Int32>(0)
        try await withProcess(script("trap '' TERM; echo ready; while true; do sleep 1; done"), timing: timing) {
            process in
            try await eventually("it is ready") { lines("stdout") == ["ready"] }
            // The program may print before we have its pid.
            let pid = try await untilRunning(process)
            last.withLock { $0 = pid }
        }
        let pid = last.withLock { $0 }
        #expect(pid > 0 && kill(pid, 0) != 0)
    }

    @Test("it does not inherit that we ignore SIGTERM")
    func signalsAreReset() async throws {
        // Ignores the signal, as a process with a signal source does.
        let before = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, before) }
        try await withProcess(script("kill -USR2 $$; echo survived")) { _ in
            try await eventually("the signal ended it") {
                log.entries.contains { $0.metadata["reason"]?.contains("signal") == true }
            }
        }
        #expect(lines("stdout").isEmpty)
    }

    @Test("a restart ends it and starts it at once, as a new process")
    func restart() async throws {
        var timing = BotBench.quick
        timing.restartFirst = .seconds(60)
        timing.restartLongest = .seconds(60)
        try await withProcess(script("echo run; exec sleep 600"), timing: timing) { process in
            let first = try await untilRunning(process)
            try await eventually("it runs") { lines("stdout").count == 1 }
            process.restart()
            _ = try await untilRunning(process, otherThan: first)
            try await eventually("it runs again") { lines("stdout").count == 2 }
        }
    }

    @Test("a program that is missing is named, and tried again", arguments: [nil, "/tmp"])
    func missing(directory: String?) async throws {
        try await withProcess(["/no/such/program"], directory: directory) { _ in
            try await eventually("the failure is logged twice") {
                log.entries.filter { $0.level == .error && "\($0)".contains("/no/such/program") }.count >= 2
            }
        }
    }

    @Test("a directory that is missing is named")
    func missingDirectory() async throws {
        try await withProcess(["true"], directory: "/no/such/directory") { _ in
            try await eventually("the failure is logged") {
                log.entries.contains { $0.level == .error && "\($0)".contains("/no/such/directory") }
            }
        }
    }

    @Test("it runs in its directory, with its arguments as written and without our settings")
    func surroundings() async throws {
        setenv("PERPETUA_TEST_SECRET", "hunter2", 1)
        defer { unsetenv("PERPETUA_TEST_SECRET") }
        let command = [
            "/bin/sh", "-c", "pwd; echo \"$1\"; env; ls -l /proc/self/fd | wc -l; exec sleep 600", "sh", "a b $HOME",
        ]
        try await withProcess(command, directory: "/usr") { _ in
            try await eventually("it has printed") { lines("stdout").contains { $0.hasPrefix("PATH=") } }
            #expect(lines("stdout").prefix(2) == ["/usr", "a b $HOME"])
            #expect(!lines("stdout").contains { $0.contains("hunter2") })
        }
    }

    @Test("set_restart finds the program of a bot by its self_id, and says so where there is none")
    func throughBots() async throws {
        let flags = [("bots[0].self_id", "10001"), ("bots[0].command", "sleep 600")]
        try await BotBench.run(flags) { bench in
            #expect(bench.bot(10001)?.isSupervised == true)
            try await eventually("it runs") { bench.log.entries.contains { $0.message.contains("is started.") } }
            try await bench.bots.restart(SelfID(10001))
            try await eventually("it runs again") {
                bench.log.entries.filter { $0.message.contains("is started.") }.count == 2
            }
            await #expect(throws: RPC.Failure.self) { try await bench.bots.restart(SelfID(2)) }
        }
    }

    @Test("asked for with each heartbeat while the bot logs in, one restart is made; the next once it was connected")
    func oneRestart() async throws {
        let flags = [("bots[0].self_id", "10001"), ("bots[0].command", "sleep 600")]
        try await BotBench.run(flags) { bench in
            func starts() -> Int { bench.log.entries.filter { $0.message.contains("is started.") }.count }
            try await eventually("it runs") { starts() == 1 }
            for _ in 1...16 { try await bench.bots.restart(SelfID(10001)) }
            try await eventually("it runs again") { starts() == 2 }
            #expect(bench.log.entries.count { $0.message.contains("asked for again") } == 15)
            let bot = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            try await bench.bots.restart(SelfID(10001))
            try await eventually("it runs once more") { starts() == 3 }
            try await bench.bots.restart(SelfID(10001))
            #expect(bench.log.entries.count { $0.message.contains("asked for again") } == 16)
            bot.close()
        }
    }

    private func isZombie(_ pid: Int32) -> Bool {
        // `try?`: without the file there is no such process.
        (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.contains(") Z ") ?? true
    }
}
