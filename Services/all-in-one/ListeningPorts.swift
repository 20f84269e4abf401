import Synchronization

/// The ports the services were given, known once they listen.
final class ListeningPorts: Sendable {
    struct Both: Sendable, Hashable {
        let edge: Int
        let api: Int
    }

    private let ports = Mutex<(edge: Int?, api: Int?)>((nil, nil))
    private let known: AsyncStream<Both>
    private let continuation: AsyncStream<Both>.Continuation

    init() {
        (known, continuation) = AsyncStream.makeStream(of: Both.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// The edge's shared port; `nil` before it listens.
    var edge: Int? { ports.withLock { $0.edge } }

    func edgeListens(on port: Int) { set { $0.edge = port } }
    func apiListens(on port: Int) { set { $0.api = port } }

    /// Waits until both listen; `nil` where the task was cancelled before.
    func both() async -> Both? {
        for await both in known { return both }
        return nil
    }

    private func set(_ change: (inout (edge: Int?, api: Int?)) -> Void) {
        let both = ports.withLock { ports -> Both? in
            change(&ports)
            guard let edge = ports.edge, let api = ports.api else { return nil }
            return Both(edge: edge, api: api)
        }
        if let both { continuation.yield(both) }
    }
}
