import AsyncHTTPClient
import NIOCore
import Synchronization

/// The HTTP client that all webhooks of an edge share, on the edge's own threads: there from the first one that needs it until ``shutDown()``.
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
        // It cannot fail but for a second call, which there is none of.
        try? await client?.shutdown()
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // An attempt of ours is one attempt: when to try again is for the queue to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Servers hang up after two (gunicorn) or five (uvicorn, Node.js) quiet seconds; a request sent into that would come twice.
        configuration.connectionPool.idleTimeout = .milliseconds(1_500)
        // Each webhook and bot has at most one request under way, and none waits for another's.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 65_536
        return configuration
    }
}
