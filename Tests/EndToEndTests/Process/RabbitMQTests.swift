import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite("The broker for tests", .overRabbitMQ, .timeLimit(.minutes(2)))
struct RabbitMQTests {
    @Test("the node of the run accepts, and gives a virtual host to whoever asks")
    func ofTheRun() async throws {
        let node = try RabbitMQ.ofTheRun()
        #expect(try await accepts(node.port))
        let first = try await node.makeVirtualHost()
        let second = try await node.makeVirtualHost()
        #expect(first != second)
        let listed = try await node.control("list_vhosts").split(separator: "\n").map(String.init)
        for url in [first, second] {
            let name = try #require(url.split(separator: "/").last)
            #expect(listed.contains(String(name)))
        }
    }

    @Test(
        "a node of one's own can be killed and comes back at its address with what it had stored; afterwards nothing is left"
    )
    func ownNode() async throws {
        let port = try await withRabbitMQ { node in
            let url = try await node.makeVirtualHost()
            try await node.kill9()
            #expect(try await !accepts(node.port))
            try await node.start()
            #expect(try await accepts(node.port))
            let name = try #require(url.split(separator: "/").last)
            #expect(try await node.control("list_vhosts").contains(name))

            try await node.setMemoryAlarm(true)
            #expect(try await node.evaluate("rabbit_alarm:get_alarms().").contains("memory"))
            try await node.setMemoryAlarm(false)
            #expect(try await node.evaluate("rabbit_alarm:get_alarms().") == "[]")
            return node.port
        }
        #expect(try await !accepts(port))
    }

    @Test("an address leads through a proxy")
    func throughProxy() throws {
        #expect(try RabbitMQ.ofTheRun().url(through: 1234).contains("guest@127.0.0.1:1234/"))
    }

    private func accepts(_ port: Int) async throws -> Bool {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.close()
            return true
        } catch is NIOConnectionError {
            return false
        }
    }
}
