import Logging
import NIOCore
import NIOPosix
import Observability
import TestSupport
import Testing

@testable import Listening

@Suite("How many connections a listener takes", .timeLimit(.minutes(1)))
struct AcceptLimitsTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a limit of open files is shared out: a part for the process, for HTTP, for refusals; the rest is served")
    func shares() {
        for limit in [64, 256, 1_024, 20_000, 1 << 20] {
            let shares = DescriptorShares(limit: limit, loops: 2)
            let served = shares.served(besides: 8)
            #expect(shares.own + shares.http + shares.spare + served + 8 <= limit || served == 8, "\(limit)")
            #expect(served >= 8 && shares.http >= 8 && shares.spare >= 8)
        }
        #expect(DescriptorShares(limit: 64, loops: 1).served(besides: 4) == 16)
        #expect(DescriptorShares(limit: 1_024, loops: 1).served(besides: 4) == 800)
    }

    @Test("the limit in force is a number, and raising it never lowers it")
    func raising() {
        let before = OpenFiles.limit
        #expect(before > 0)
        let (from, to) = OpenFiles.raiseLimit()
        #expect(from == before && to >= from)
        #expect(OpenFiles.limit == to)
        #expect(OpenFiles.raiseLimit().to == to)
    }

    @Test("a shortage is news once, and over with the first connection after a while without a failure")
    func shortage() {
        var shortage = DescriptorShortage()
        var told = [shortage.accepted(at: start)]
        #expect(!shortage.isOn(at: start))
        told.append(shortage.failed(at: start))
        told.append(shortage.failed(at: start + .milliseconds(250)))
        told.append(shortage.accepted(at: start + .milliseconds(300)))
        told.append(shortage.failed(at: start + .seconds(2)))
        #expect(shortage.isOn(at: start + .seconds(3)))
        #expect(!shortage.isOn(at: start + .seconds(4)))
        told.append(shortage.accepted(at: start + .seconds(4)))
        told.append(shortage.accepted(at: start + .seconds(5)))
        told.append(shortage.failed(at: start + .seconds(6)))
        #expect(told == [false, true, false, false, false, true, false, true])
    }

    @Test("whoever is let in takes a place, and so does a leased port; with all taken it is full, and health says so")
    func places() {
        let limits = AcceptLimits(served: 3, spare: 1, setting: "edge.max_connections", logger: logger)
        limits.occupy()
        #expect(limits.lease(2))
        #expect(limits.isFull)
        #expect(limits.impairment?.degree == .ailing)
        #expect(limits.impairment?.reason.contains("edge.max_connections") == true)
        #expect(!limits.lease(2), "there is no place left")
        limits.vacate()
        #expect(!limits.isFull && limits.impairment == nil)
        limits.endLease(of: 2)
        #expect(limits.lease(3))
    }

    @Test("sockets count whoever is at the other end, with what is leased; those on their way in take no place")
    func sockets() {
        let limits = AcceptLimits(served: 3, spare: 2, setting: "s", logger: logger)
        for _ in 0..<4 { limits.arrived() }
        #expect(!limits.isFull && !limits.mustWait)
        #expect(limits.lease(1))
        #expect(limits.mustWait)
        limits.left()
        #expect(!limits.mustWait)
        limits.endLease(of: 1)
        #expect(limits.count == 3)
        #expect(!AcceptLimits(logger: logger).mustWait)
        #expect(!AcceptLimits(logger: logger).isFull)
    }

    @Test("a listener that cannot accept is left alone for a while, and then tries again")
    func pausing() async throws {
        let limits = AcceptLimits(logger: logger)
        let listener = try await listen(limits)
        // Checked in the same turn of the loop, since the pause is short.
        let (isReading, impairment) = try await listener.eventLoop.submit {
            listener.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
            return (try listener.syncOptions?.getOption(.autoRead), limits.impairment)
        }.get()
        #expect(isReading == false)
        #expect(impairment?.degree == .degraded)
        #expect(impairment?.reason.contains("ulimit") == true)
        let client = try await connect(to: listener)
        try await eventually("it accepts again") { limits.count == 1 }
        #expect(try await listener.getOption(.autoRead).get())
        try await client.close()
        try await eventually("it is counted out") { limits.count == 0 }
        try await listener.close()
    }

    @Test("with as many open as there may be, others wait until one has gone; other errors are no reason to wait")
    func waiting() async throws {
        let limits = AcceptLimits(served: 1, spare: 0, setting: "s", logger: logger)
        let listener = try await listen(limits)
        try await listener.eventLoop.submit {
            listener.pipeline.fireErrorCaught(IOError(errnoCode: 103, reason: "accept"))
        }.get()
        #expect(try await listener.getOption(.autoRead).get())
        let first = try await connect(to: listener)
        try await eventually("one is in, and no more are taken") {
            try await listener.getOption(.autoRead).get() == false
        }
        // The second connection waits in the system's queue.
        let second = try await connect(to: listener)
        #expect(try await listener.getOption(.autoRead).get() == false)
        #expect(limits.count == 1)
        // The second is accepted in the place of the first; otherwise its end would not be noticed.
        try await first.close()
        try await eventually("the second is in", read: { limits.arrivals }, until: { $0 == 2 })
        try await second.close()
        try await eventually("both are out") { limits.count == 0 }
        try await listener.close()
    }

    private func listen(_ limits: AcceptLimits) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    try listener.pipeline.syncOperations.addHandler(AcceptGate(limits))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func connect(to listener: any Channel) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(to: try #require(listener.localAddress)).get()
    }
}
