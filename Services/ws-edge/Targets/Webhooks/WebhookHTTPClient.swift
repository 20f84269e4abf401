import AsyncHTTPClient
import NIOCore
import Synchronization

/// The HTTP client that all webhooks of an edge share, on the edge's own threads: there from the first one that needs
/// it until ``shutDown()``.
final class WebhookHTTPClient: Sendable {
    private let group: any EventLoopGroup
    private let client = Mutex<HTTPClient?>(nil)

    init(_ group: any EventLoopGroup) { self.group = group }

    var shared: HTTPClient {
        client.withLock { client in
            if let client { return client }
            let fresh = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: Self.configuration)
            client = fresh
            return fresh
        }
    }

    /// Called once nothing is posted any more.
    func shutDown() async {
        let client = client.withLock { client in
            defer { client = nil }
            return client
        }
        // It fails only where it is called a second time, which it is not.
        try? await client?.shutdown()
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // The client must not try again by itself: when to try again is for the queue to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Servers close a connection after two (gunicorn) or five (uvicorn, Node.js) quiet seconds; a request sent at
        // that moment would come twice.
        configuration.connectionPool.idleTimeout = .milliseconds(1_500)
        // Each webhook and bot has at most one request under way, and none waits for another's.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 65_536
        return configuration
    }
}
