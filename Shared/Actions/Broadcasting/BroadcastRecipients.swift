import Contracts
import OneBot

/// Whom a broadcast goes to: each client once, never its sender.
struct BroadcastRecipients {
    /// Online, and they receive events.
    private(set) var reachable: [OnlineClient] = []
    /// Named, but offline or without events (role `API`).
    private(set) var offline: [Client] = []
    /// Whether nobody is to get it: no entry of the list means a client that is online, not even the sender.
    private(set) var matchedNobody = true

    /// Every client that receives events, but the sender.
    init(everyoneBut sender: Client, in presence: PresenceReplica) {
        reachable = presence.clients.values.filter {
            $0.role.receivesEvents && !$0.appID.hasSameBytes(as: sender.appID)
        }
        matchedNobody = reachable.isEmpty
    }

    /// Those that were named.
    init(_ wanted: [ClientReference], sender: Client, in directory: ClientDirectory) {
        var seen: Set<String> = []
        var missed: Set<Client> = []
        for reference in wanted {
            guard let client = reference.find(in: directory) else {
                if let unknown = reference.asWritten, missed.insert(unknown).inserted { offline.append(unknown) }
                continue
            }
            matchedNobody = false
            guard !client.appID.hasSameBytes(as: sender.appID), seen.insert(client.appID).inserted else { continue }
            if client.role.receivesEvents { reachable.append(client) } else { offline.append(client.client) }
        }
    }
}
