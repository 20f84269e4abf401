import NIOCore
import SettingsReading

/// How many threads serve sockets.
enum EventLoopCount {
    /// `edge.event_loops`, or a number that suits this machine. Waking another core costs more than it gains until a
    /// thread has plenty to do, so it is one thread on up to two cores, and half the cores on larger machines.
    static func read(_ settings: Settings) -> Int {
        let asked = settings.int("edge.event_loops", default: 0, in: 0...256)
        return asked > 0 ? asked : suitable(cores: System.coreCount)
    }

    static func suitable(cores: Int) -> Int { max(1, cores / 2) }
}
