import Bus
import Contracts
import NIOCore
import OneBot

extension OwnAction {
    /// ``SendBroadcastData``, as the doors know it.
    public static let sendBroadcastData = OwnAction(
        "send_broadcast_data", caller: .client, bot: .none, mayBeRepeated: false
    ) { call async throws(RPC.Failure) in
        try await SendBroadcastData(call.params).perform(as: call.caller, using: call.dispatcher)
    }
}

/// `send_broadcast_data`: data from one client to every other one, or to those named in `clients`.
struct SendBroadcastData {
    private let data: DistributedData
    /// `nil`: every other client that receives events.
    private let wanted: [ClientReference]?

    init(_ params: Parameters) throws(RPC.Failure) {
        data = try DistributedData(params)
        guard let list = params.optionalJSON("clients") else {
            wanted = nil
            return
        }
        let remedy = #"an array of objects with "app_id" or "client_name", or leave it out to reach everyone"#
        guard let entries = list.array else { throw params.mistake("clients", is: list.inWords, send: remedy) }
        if entries.isEmpty { throw params.mistake("clients", is: "an empty array", send: remedy) }
        var references: [ClientReference] = []
        for (index, entry) in entries.enumerated() {
            references.append(try ClientReference(entry, "clients[\(index)]", of: params))
        }
        wanted = references
    }

    func perform(as caller: ActionCaller, using dispatcher: ActionDispatcher) async throws(RPC.Failure) -> Response {
        let recipients = try await recipients(of: caller.client, using: dispatcher)
        let distribution = Distribution(
            kind: .broadcast, uuid: FreshUUID.text(), sender: caller.client, data: data.json)
        let outcomes = await distribution.publish(to: recipients.reachable, using: dispatcher)
        if let refusal = Self.refusal(outcomes) { return refusal }
        let isAccepted = { (client: OnlineClient) in outcomes[client.inboxKey] == .confirmed }
        let targets = recipients.reachable.count(where: isAccepted)
        let missed = recipients.reachable.filter { !isAccepted($0) }.map(\.client)

        var data = JSONObjectWriter()
        data.add("uuid", distribution.uuid)
        data.add("targets", targets)
        data.add("offline", json: .jsonArray(of: (recipients.offline + missed).map(\.json)))
        return .ok(data.finish())
    }

    /// The answer where the bus took the message for none of the targets, and not because they are gone; else `nil`.
    private static func refusal(_ outcomes: [RoutingKey: PublishOutcome]) -> Response? {
        var isDoubtful = false
        var obstacle: String?
        for outcome in outcomes.values {
            switch outcome {
            case .confirmed, .unroutable, .rejected: return nil
            case .unreachable(let reason): obstacle = reason
            case .unknown, .notStored: isDoubtful = true
            }
        }
        let name = OwnAction.sendBroadcastData.name
        if isDoubtful {
            return .failed(
                .unavailable(.unknown),
                "\(name): the bus did not say whether it took it; it may have been carried out all the same.")
        }
        return obstacle.map { .failed(.unavailable(.no()), "\(name) was not sent: \($0) Try again later.") }
    }

    private func recipients(
        of sender: Client, using dispatcher: ActionDispatcher
    ) async throws(RPC.Failure) -> BroadcastRecipients {
        // Asks who is online now: a client that is known here may have another name by now, or be at another edge.
        let presence = try await dispatcher.presenceNow()
        guard let wanted else { return BroadcastRecipients(everyoneBut: sender, in: presence) }
        let recipients = BroadcastRecipients(wanted, sender: sender, in: ClientDirectory(presence, for: wanted))
        if recipients.matchedNobody {
            throw RPC.Failure(
                .notFound,
                "\(OwnAction.sendBroadcastData.name): none of the \(wanted.count) listed is online. "
                    + "Look them up with get_online_clients.")
        }
        return recipients
    }
}
