import AllocationCounter
import Foundation

/// What was used up to a moment: allocations of this thread, time of the process.
struct Moment: Sendable {
    let allocations: UInt64
    let bytes: UInt64
    let wall: UInt64
    let cpu: UInt64

    static var now: Moment {
        let wall = clock_gettime_nsec(CLOCK_MONOTONIC)
        let cpu = clock_gettime_nsec(CLOCK_PROCESS_CPUTIME_ID)
        let counts = allocation_counts()
        return Moment(allocations: counts.allocations, bytes: counts.bytes, wall: wall, cpu: cpu)
    }

    private static func clock_gettime_nsec(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// What a number of operations cost.
struct Measurement: Sendable {
    let count: Int
    let allocations: UInt64
    let bytes: UInt64
    let wallNanoseconds: UInt64
    let cpuNanoseconds: UInt64

    init(_ count: Int, from start: Moment, to end: Moment) {
        self.count = count
        allocations = end.allocations - start.allocations
        bytes = end.bytes - start.bytes
        wallNanoseconds = end.wall - start.wall
        cpuNanoseconds = end.cpu - start.cpu
    }

    var json: String {
        let counts =
            allocation_counter_counts()
            ? #""allocations":\#(allocations),"bytes":\#(bytes)"# : #""allocations":null,"bytes":null"#
        return #"{"count":\#(count),\#(counts),"wall_ns":\#(wallNanoseconds),"cpu_ns":\#(cpuNanoseconds)}"#
    }
}
