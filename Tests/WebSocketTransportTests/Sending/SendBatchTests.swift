import NIOCore
import NIOPosix
import Testing

@testable import WebSocketTransport

@Suite("Flushes in a batch", .timeLimit(.minutes(1)))
struct SendBatchTests {
    /// Connections of one event loop, and the peers at their other ends.
    private struct Crowd {
        let loop: any EventLoop
        let ours: [Endpoint]
        let peers: [RawPeer]

        init(_ count: Int) async throws {
            loop = MultiThreadedEventLoopGroup.singleton.next()
            let server = try await TestServer.start(group: loop)
            var (ours, peers) = ([Endpoint](), [RawPeer]())
            for _ in 0..<count {
                let peer = try await server.raw()
                try await peer.upgrade()
                ours.append(try #require(await server.nextConnection()))
                peers.append(peer)
            }
            (self.ours, self.peers) = (ours, peers)
        }

        /// On the event loop, with the connections.
        func onLoop<Value: Sendable>(_ body: @escaping @Sendable ([WebSocketConnection]) -> Value) async throws -> Value
        {
            try await loop.submit { [ours] in body(ours.map(\.connectionOnLoop)) }.get()
        }
    }

    private static func text(_ string: String) -> ByteBuffer {
        WebSocketConnection.encodeText(ByteBuffer(string: string))
    }

    private func texts(_ count: Int, to peer: RawPeer) async -> [String] {
        await peer.frames(count).map { String(buffer: $0.payload) }
    }

    @Test(
        "everybody gets everything once and in order, few or many of them", arguments: [true, false], [1, 2, 3, 300])
    func everybody(usesRing: Bool, count: Int) async throws {
        let crowd = try await Crowd(count)
        try await crowd.onLoop { connections in
            let batch = SendBatch(usesRing: usesRing)
            for round in 1...3 {
                let shared = Self.text("all \(round)")
                for (index, connection) in connections.enumerated() {
                    connection.send(encoded: shared)
                    // With a second frame, both go through the channel.
                    if index.isMultiple(of: 3) { connection.send(encoded: Self.text("you \(round)")) }
                    connection.flush(in: batch)
                }
                batch.carryOut()
            }
            batch.carryOut()
        }
        for (index, peer) in crowd.peers.enumerated() {
            let isTold = index.isMultiple(of: 3)
            let expected = (1...3).flatMap { isTold ? ["all \($0)", "you \($0)"] : ["all \($0)"] }
            #expect(await texts(expected.count, to: peer) == expected)
        }
    }

    @Test(
        "what a slow peer does not take waits for it, in order; the others wait for nothing", arguments: [true, false])
    func slow(usesRing: Bool) async throws {
        let crowd = try await Crowd(4)
        try await crowd.peers[1].stopReading()
        let rounds = 64
        let waiting = try await crowd.onLoop { connections in
            let batch = SendBatch(usesRing: usesRing)
            let filler = String(repeating: "x", count: 256 << 10)
            for round in 1...rounds {
                for (index, connection) in connections.enumerated() {
                    connection.send(encoded: Self.text(index == 1 ? "\(round) \(filler)" : "\(round)"))
                    connection.flush(in: batch)
                }
                batch.carryOut()
            }
            return connections.map(\.bufferedBytes)
        }
        #expect(waiting[1] > 1 << 20)
        for index in [0, 2, 3] {
            #expect(waiting[index] == 0)
            #expect(await texts(rounds, to: crowd.peers[index]) == (1...rounds).map(String.init))
        }
        try await crowd.peers[1].startReading()
        let slow = await texts(rounds, to: crowd.peers[1]).map { $0.prefix { $0 != " " } }
        #expect(slow == (1...rounds).map { Substring(String($0)) })
    }

    @Test("what comes after it, a close too, goes out after what is in the batch", arguments: [true, false])
    func order(usesRing: Bool) async throws {
        let crowd = try await Crowd(4)
        try await crowd.onLoop { connections in
            let batch = SendBatch(usesRing: usesRing)
            for connection in connections {
                connection.send(encoded: Self.text("first"))
                connection.flush(in: batch)
            }
            connections[0].close(.goingAway("bye"))
            connections[1].send(encoded: Self.text("second"))
            connections[1].flush()
            connections[2].send(encoded: Self.text("second"))
            connections[2].flush(in: batch)
            batch.carryOut()
        }
        let closing = await crowd.peers[0].frames(2)
        #expect(closing.map(\.header.opcode) == [.text, .close])
        for index in [1, 2] { #expect(await texts(2, to: crowd.peers[index]) == ["first", "second"]) }
        #expect(await texts(1, to: crowd.peers[3]) == ["first"])
    }

    @Test("one that ends before the batch is carried out gets nothing, and harms nobody", arguments: [true, false])
    func ended(usesRing: Bool) async throws {
        let crowd = try await Crowd(4)
        try await crowd.onLoop { connections in
            let batch = SendBatch(usesRing: usesRing)
            for connection in connections {
                connection.send(encoded: Self.text("late"))
                connection.flush(in: batch)
            }
            connections[2].abort()
            batch.carryOut()
        }
        #expect(await crowd.peers[2].read().isEmpty)
        for index in [0, 1, 3] { #expect(await texts(1, to: crowd.peers[index]) == ["late"]) }
    }
}
