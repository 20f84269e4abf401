import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Listening

@Suite("Why nothing listens at an address")
struct ListenFailureTests {
    private static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1A2C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
           1: 0201A8C0:1A2C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
           2: 0100007F:1A2C 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 20 4 30 10 -1
           3: 0100007F:1A2D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 444 1 0 100 0 0 10 0
           4: 00000000000000000000000000000000:1A2C 00:0 0A 0:0 0:0 0 0 0 555 1
           5: nonsense
           6: 0100007F:1A2C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 0 1
        """

    @Test(
        "of the system's sockets those are in the way that listen on the port, at the address or at all",
        arguments: [
            ("127.0.0.1", 6700, ["111", "555"]), ("192.168.1.2", 6700, ["222", "555"]),
            ("0.0.0.0", 6700, ["111", "222", "555"]), ("localhost", 6700, ["111", "222", "555"]),
            ("127.0.0.1", 6701, ["444"]), ("127.0.0.1", 80, []),
        ] as [(String, Int, Set<String>)])
    func sockets(host: String, port: Int, inodes: Set<String>) {
        #expect(ListeningSockets.inodes(in: Self.table, port: port, host: host) == inodes)
        #expect(ListeningSockets.inodes(in: "", port: port, host: host).isEmpty)
    }

    @Test("a port that another program has is said with that program")
    func taken() async throws {
        // The system returns its table of sockets in pieces; it must be read to its end.
        var others: [any Channel] = []
        for _ in 0..<100 { try await others.append(bind(0)) }
        let taken = try await bind(0)
        let port = try #require(taken.localAddress?.port)
        let error = await #expect(throws: (any Error).self) { _ = try await bind(port) }
        let failure = ListenFailure(
            try #require(error), host: "127.0.0.1", port: port, hostSetting: "api.host", portSetting: "api.port")
        #if os(Linux)
            let ours = "(process \(ProcessInfo.processInfo.processIdentifier)) listens there already"
            #expect(failure.description.hasPrefix("Cannot listen on 127.0.0.1:\(port): "))
            #expect(failure.description.contains(ours))
        #endif
        #expect(failure.description.hasSuffix("Stop it, or set api.port to another port (0: any free one)."))
        for channel in others + [taken] { try await channel.close() }
    }

    @Test(
        "every reason is a sentence with what to do, without a word of the library",
        arguments: [
            (EADDRINUSE, "another program listens there already. Stop it, or set p"),
            (EACCES, "may not listen there"), (EADDRNOTAVAIL, "does not have that address. Set h"),
            (EMFILE, "no descriptor left. Raise"), (ENOBUFS, "No buffer space available. Look at h and p."),
        ])
    func reasons(code: CInt, text: String) {
        let failure = ListenFailure(
            IOError(errnoCode: code, reason: "bind(descriptor:ptr:bytes:)"), host: "a", port: 1, hostSetting: "h",
            portSetting: "p", holder: { nil })
        #expect(failure.description.contains(text))
        #expect(!failure.description.contains("errno") && !failure.description.contains("descriptor:"))
    }

    @Test("a name nobody knows is said as such")
    func unknownName() async throws {
        let error = #expect(throws: (any Error).self) {
            try SocketAddress.makeAddressResolvingHost("nowhere.invalid", port: 1)
        }
        let failure = ListenFailure(
            try #require(error), host: "nowhere.invalid", port: 1,
            hostSetting: "edge.host", portSetting: "edge.shared_port", holder: { nil })
        #expect(failure.description.contains("nobody knows that name. Look at edge.host"))
    }

    private func bind(_ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
    }
}
