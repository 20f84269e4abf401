import Contracts
import DequeModule
import NIOCore

/// Clients that came and were not announced yet. Nobody ever hears of those that go again within a moment.
///
/// Some programs make a connection or two to look, and the real one after that; others are restarted again and again.
///
///     (unknown) ──came──▶ waiting ──due──▶ told ──went──▶ (unknown), told
///                            └────went───▶ (unknown), and nobody hears of either
struct Arrivals {
    private struct Entry {
        var client: OnlineClient
        let number: UInt64
    }

    private let delay: TimeAmount
    /// By `app_id`.
    private var waiting: [String: Entry] = [:]
    private var order: Deque<(appID: String, number: UInt64, due: NIODeadline)> = []
    private var lastNumber: UInt64 = 0

    /// - Parameter delay: how long a client has to be there before others are told; zero: they are told at once.
    init(delay: TimeAmount) { self.delay = delay }

    /// When the next client is to be announced.
    var nextDue: NIODeadline? { order.first?.due }

    mutating func came(_ client: OnlineClient, at now: NIODeadline) {
        lastNumber += 1
        waiting[client.appID] = Entry(client: client, number: lastNumber)
        order.append((client.appID, lastNumber, now + delay))
    }

    /// The client is announced under the name it has then.
    mutating func renamed(_ client: OnlineClient) {
        if let entry = waiting[client.appID], entry.client.isSameSession(as: client) {
            waiting[client.appID]?.client = client
        }
    }

    /// - Returns: whether others were told of its coming, and are to be told of this.
    mutating func went(_ client: OnlineClient) -> Bool {
        guard let entry = waiting[client.appID], entry.client.isSameSession(as: client) else { return true }
        waiting[client.appID] = nil
        return false
    }

    /// Takes out the clients that are to be announced now, in the order in which they came.
    mutating func due(at now: NIODeadline) -> [OnlineClient] {
        var clients: [OnlineClient] = []
        while let next = order.first, next.due <= now {
            order.removeFirst()
            // It may have gone, and another one come in its place.
            guard let entry = waiting[next.appID], entry.number == next.number else { continue }
            waiting[next.appID] = nil
            clients.append(entry.client)
        }
        return clients
    }
}

extension OnlineClient {
    fileprivate func isSameSession(as other: OnlineClient) -> Bool {
        edge == other.edge && sessionID == other.sessionID
    }
}
