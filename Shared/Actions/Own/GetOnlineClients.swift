import Contracts
import NIOCore
import OneBot

extension OwnAction {
    /// ``GetOnlineClients``, as the doors know it.
    public static let getOnlineClients = OwnAction(
        "get_online_clients", caller: .nobody, bot: .none, mayBeRepeated: true, onlyAsksRegistry: true,
        isDiscovery: true
    ) { call async throws(RPC.Failure) in
        try await GetOnlineClients(shape: call.dispatcher.onlineClientsShape).perform(registry: call.registry)
    }
}

/// `get_online_clients`: who is online, from the registry itself: whoever has seen the lifecycle event is in the list.
struct GetOnlineClients {
    let shape: OnlineClientsShape

    func perform(registry: RegistryClient) async throws(RPC.Failure) -> Response {
        .ok(Self.encode(try await registry.snapshot().clients, shape))
    }

    /// The list as JSON, the longest connected first.
    static func encode(_ clients: [OnlineClient], _ shape: OnlineClientsShape) -> ByteBuffer {
        let sorted = clients.sorted { ($0.connectedAt, $0.appID) < ($1.connectedAt, $1.appID) }
        let list = ByteBuffer.jsonArray(of: sorted.map(encode))
        switch shape {
        case .array: return list
        case .clients:
            var data = JSONObjectWriter(capacity: list.readableBytes + 16)
            data.add("clients", json: list)
            return data.finish()
        }
    }

    private static func encode(_ client: OnlineClient) -> ByteBuffer {
        var writer = JSONObjectWriter()
        writer.add("app_id", client.appID)
        if let name = client.clientName { writer.add("client_name", name) }
        writer.add("role", client.role.rawValue)
        writer.add("transport", client.transport.rawValue)
        if let edge = client.edge { writer.add("edge", edge.edgeID) } else { writer.addNull("edge") }
        if let bot = client.selfID { writer.add("self_id", bot.number) } else { writer.addNull("self_id") }
        if let group = client.group { writer.add("group", group) }
        writer.add("connected_at", client.connectedAt)
        if client.remoteAddress.isEmpty {
            writer.addNull("remote_address")
        } else {
            writer.add("remote_address", client.remoteAddress)
        }
        return writer.finish()
    }
}

extension ByteBuffer {
    /// A JSON array of values that are JSON already.
    static func jsonArray(of values: [ByteBuffer]) -> ByteBuffer {
        var array = ByteBuffer()
        array.reserveCapacity(values.reduce(2) { $0 + $1.readableBytes + 1 })
        array.writeInteger(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { array.writeInteger(UInt8(ascii: ",")) }
            array.writeImmutableBuffer(value)
        }
        array.writeInteger(UInt8(ascii: "]"))
        return array
    }
}

/// How `get_online_clients` wraps its list: clients in the field differ.
public enum OnlineClientsShape: String, Sendable, CaseIterable {
    /// `{"clients":[…]}`, as the original API document has it.
    case clients
    /// The bare array, the only thing the original's Java client reads.
    case array
}
