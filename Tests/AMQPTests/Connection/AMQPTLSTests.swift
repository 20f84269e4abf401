import AMQP
import Bus
import Foundation
import TestSupport
import Testing

@Suite("AMQPBus over TLS", .timeLimit(.minutes(3)))
struct AMQPTLSTests {
    @Test("the broker's certificate and its name are verified, and ours says who we are")
    func tls() async throws {
        let files = try await TestCertificates.make(for: "DNS:localhost", user: "by-certificate")
        defer { files.remove() }
        try await withRabbitMQ { node in
            let port = node.port + 10_000
            try await node.restart(
                adding: [
                    "listeners.ssl.1 = 127.0.0.1:\(port)",
                    "ssl_options.cacertfile = \(files["ca.pem"])",
                    "ssl_options.certfile = \(files["server.pem"])",
                    "ssl_options.keyfile = \(files["server.key"])",
                    "ssl_options.verify = verify_peer",
                    "ssl_options.fail_if_no_peer_cert = false",
                    "auth_mechanisms.1 = PLAIN",
                    "auth_mechanisms.2 = EXTERNAL",
                    "ssl_cert_login_from = common_name",
                ], plugins: ["rabbitmq_auth_mechanism_ssl"])
            try await node.control("add_user", "by-certificate", "unused")
            try await node.control("set_permissions", "by-certificate", ".*", ".*", ".*")
            let url = "amqps://localhost:\(port)/"

            let bus = try await AMQPStage.connected(to: url) { $0.tlsAuthorities = files["ca.pem"] }
            try await bus.declare(QueueDeclaration("q"))
            let recorder = DeliveryRecorder()
            try await recorder.consume("q", from: bus, on: AMQPStage.anyEventLoop())
            #expect(await bus.publish(String(repeating: "x", count: 1_000_000), "q") == .confirmed)
            #expect(try await recorder.texts(atLeast: 1).map(\.count) == [1_000_000])
            await bus.close()

            let external = try await AMQPStage.connected(to: url) {
                $0.tlsAuthorities = files["ca.pem"]
                $0.tlsCertificate = files["client.pem"]
                $0.tlsKey = files["client.key"]
                $0.login = .external
            }
            #expect(try await node.control("list_connections", "user").contains("by-certificate"))
            await external.close()

            try await expectRefusal(of: url, "amqp.tls_ca_file") { $0.tlsAuthorities = files["other-ca.pem"] }
            try await expectRefusal(of: "amqps://127.0.0.1:\(port)/", "certificate is for another host") {
                $0.tlsAuthorities = files["ca.pem"]
            }
            try await expectRefusal(of: "amqps://localhost:\(node.port)/", "does not speak TLS") {
                $0.tlsAuthorities = files["ca.pem"]
            }
            try await expectRefusal(of: "amqp://localhost:\(port)/", "amqps://") { _ in }
            try await expectRefusal(of: url, "amqp.tls_ca_file") { $0.tlsAuthorities = files["missing.pem"] }
        }
    }

    private func expectRefusal(
        of url: String, _ words: String, change: (inout AMQPConfiguration) -> Void
    ) async throws {
        let bus = try AMQPStage.bus(at: url, change: change)
        try await bus.isDisconnected(words)
        await bus.close()
    }
}
