import Contracts
import NIOCore
import OneBot
import TestSupport
import Testing

@Suite("How far presence is known", .timeLimit(.minutes(1))) struct PresenceViewTests {
    private let edge = EdgeAddress(edgeID: "e1", instance: "a")

    private func change(_ sequence: UInt64, epoch: UInt64 = 1) -> PresenceChange {
        PresenceChange(kind: .edgeUp, registryEpoch: epoch, sequence: sequence, edge: edge)
    }

    private func snapshot(_ sequence: UInt64, epoch: UInt64 = 1) -> PresenceSnapshot {
        PresenceSnapshot(registryEpoch: epoch, sequence: sequence, edges: [], clients: [], bots: [])
    }

    private func position(_ sequence: UInt64, epoch: UInt64 = 1) -> PresencePosition {
        PresencePosition(registryEpoch: epoch, sequence: sequence)
    }

    @Test("a position is after every position of a registry before, and its sequence counts within one")
    func order() {
        #expect(position(1) < position(2))
        #expect(position(9) < position(0, epoch: 2))
        #expect(position(3) == position(3))
    }

    @Test("an answer is read as it is written, by hand or at length; a failure is thrown", arguments: [7, UInt64.max])
    func answer(sequence: UInt64) throws {
        let position = position(sequence)
        #expect(try PresencePosition(answer: position.answer) == position)
        #expect(try PresencePosition(answer: RPC.encodeResult(position)) == position)
        #expect(try RPC.decodeResult(PresencePosition.self, from: position.answer) == position)
        let failure = RPC.Failure(.notFound, "no such method")
        #expect(throws: failure) { try PresencePosition(answer: RPC.encodeFailure(failure)) }
        #expect(throws: (any Error).self) { try PresencePosition(answer: ByteBuffer(string: "no answer")) }
        #expect(RPC.method(of: RegistryAPI.positionQuestion) == RegistryAPI.Method.position.rawValue)
    }

    @Test("a replica is where its last change or snapshot left it, and a change of the past leaves it there")
    func replica() {
        var replica = PresenceReplica()
        #expect(replica.position == position(0, epoch: 0))
        _ = replica.replace(with: snapshot(4))
        _ = replica.apply(change(5))
        #expect(replica.position == position(5))
        _ = replica.apply(change(3))
        #expect(replica.position == position(5))
        _ = replica.apply(change(1, epoch: 2))
        #expect(replica.position == position(1, epoch: 2))
    }

    @Test("what has come is not waited for")
    func here() async {
        let view = PresenceView()
        _ = view.replace(with: snapshot(4))
        let clock = ManualClock()
        #expect(await view.reaches(position(4), within: .seconds(1), on: clock))
        #expect(await view.reaches(position(2), within: .seconds(1), on: clock))
        #expect(clock.sleeperCount == 0)
    }

    @Test("who waits goes on with the change that was waited for, not with one before")
    func comes() async throws {
        let view = PresenceView()
        _ = view.replace(with: snapshot(4))
        let clock = ManualClock()
        async let six = view.reaches(position(6), within: .seconds(1), on: clock)
        async let snapshot = view.reaches(position(9), within: .seconds(1), on: clock)
        try await eventually("both wait") { clock.sleeperCount == 2 }
        _ = view.apply(change(5))
        #expect(clock.sleeperCount == 2)
        _ = view.apply(change(6))
        #expect(await six)
        try await eventually("one waits") { clock.sleeperCount == 1 }
        _ = view.replace(with: self.snapshot(9))
        #expect(await snapshot)
    }

    @Test("what does not come is waited for no longer than that")
    func late() async throws {
        let view = PresenceView()
        let clock = ManualClock()
        async let reached = view.reaches(position(1), within: .seconds(1), on: clock)
        try await eventually("it waits") { clock.sleeperCount == 1 }
        clock.advance(by: .seconds(1))
        #expect(await !reached)
    }

    @Test("who is cancelled waits no more")
    func cancelled() async throws {
        let view = PresenceView()
        let clock = ManualClock()
        let waiting = Task { await view.reaches(position(1), within: .seconds(1), on: clock) }
        try await eventually("it waits") { clock.sleeperCount == 1 }
        waiting.cancel()
        #expect(await !waiting.value)
    }
}
