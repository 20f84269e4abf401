import Foundation

/// Programs that this process started: bots, for one.
enum ChildPrograms {
    /// Asks each to end, for a process that cannot wait for its services to do so.
    static func terminate() {
        let tasks = "/proc/self/task"
        // `try?`: without /proc they live on, and their supervisor of old finds them when it starts again.
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            let children = (try? String(contentsOfFile: "\(tasks)/\(task)/children", encoding: .utf8)) ?? ""
            for pid in children.split(separator: " ").compactMap({ pid_t($0) }) { kill(pid, SIGTERM) }
        }
    }
}
