import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL

@testable import WebSocketTransport

/// Our server behind TLS, with a certificate for `localhost` and 127.0.0.1 that no system trusts. Both were made for
/// these tests (`openssl req -x509 -newkey ec …`, valid until 2126) and protect nothing.
struct TLSServer: Sendable {
    let port: Int

    static func start() async throws -> TLSServer {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try certificates().map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: bytes(key), format: .der)))
        let tls = try NIOSSLContext(configuration: configuration)
        let behaviour = WebSocketServer.Behaviour(
            options: .init(), logger: Logger(label: "test"), authorise: { _ in .accept },
            accepted: { connection, _ in _ = Endpoint(connection, onText: echo) })
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    try WebSocketServer.prepare(channel, behaviour)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return TLSServer(port: listener.localAddress?.port ?? 0)
    }

    static func certificates() throws -> [NIOSSLCertificate] {
        [try NIOSSLCertificate(bytes: bytes(certificate), format: .der)]
    }

    private static func bytes(_ base64: String) -> [UInt8] { Array(Data(base64Encoded: base64) ?? Data()) }

    private static let key = """
        MHcCAQEEICIEt1PJjqCHvKuLPaA96tb0Txq6Z0ePEBah+YLfUaRWoAoGCCqGSM49AwEHoUQDQgAEzwrXzGp0TxBmqZTuvRlQS/a0\
        9vKjyffPc5bl8xMmCyOhBWxeBt4ksixF2qgampPgzFZIoRC7LuTLvXvn0YwSQg==
        """

    private static let certificate = """
        MIIBmjCCAUGgAwIBAgIUXRteL3tYSLLkD83KIsqSlX8B/Q8wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2\
        MTEyMzIxNTQ1OVoYDzIxMjYxMDMwMjE1NDU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\
        AATPCtfManRPEGaplO69GVBL9rT28qPJ989zluXzEyYLI6EFbF4G3iSyLEXaqBqak+DMVkihELsu5Mu9e+fRjBJCo28wbTAdBgNV\
        HQ4EFgQU0UYFGsSKxesdvrPynE8HXJxLFyAwHwYDVR0jBBgwFoAU0UYFGsSKxesdvrPynE8HXJxLFyAwDwYDVR0TAQH/BAUwAwEB\
        /zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgfx5godNkTXrY1tFyF6BxHMRd73nkuLjcuhkI\
        wAJlbr0CICMx9dX1ymvnvQT9eHV3zrE7mqk3clVdLqp8LOHD8PIG
        """
}
