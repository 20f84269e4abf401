import Contracts
import OneBot

/// A client as a caller names it: by `app_id`, else by `client_name`; `null` and `""` count as absent.
struct ClientReference: Sendable {
    let appID: String?
    let clientName: String?

    /// - Parameter key: what the entry is called in messages: `client`, `clients[2]`.
    init(_ entry: JSONText, _ key: String, of params: Parameters) throws(RPC.Failure) {
        guard let object = entry.object else {
            throw params.mistake(key, is: entry.inWords, send: #"an object with "app_id" or "client_name""#)
        }
        appID = try Self.text("app_id", of: object, key, params)
        clientName = try Self.text("client_name", of: object, key, params)
    }

    /// Whom it means among those online; `nil`: nobody.
    func find(in directory: ClientDirectory) -> OnlineClient? {
        if let appID { return directory.client(appID: appID) }
        if let clientName { return directory.client(named: clientName) }
        return nil
    }

    /// The client as it was named, for the list of those not reached; `nil` where it was not named at all. The
    /// `app_id` of one known by its name alone is empty, so that every entry keeps the shape of a client.
    var asWritten: Client? {
        guard appID != nil || clientName != nil else { return nil }
        return Client(appID: appID ?? "", clientName: clientName)
    }

    private static func text(
        _ member: String, of object: JSONObject, _ key: String, _ params: Parameters
    ) throws(RPC.Failure) -> String? {
        guard let value = object[member], !value.isNull else { return nil }
        guard let text = value.string else {
            throw params.mistake("\(key).\(member)", is: value.inWords, send: "a string")
        }
        return text.isEmpty ? nil : text
    }
}

/// Who is online, found by `app_id` or by name, both byte for byte.
struct ClientDirectory {
    private let byID: [String: OnlineClient]
    /// Only the names somebody asks for: most lists name none, and there may be many clients.
    private let byName: [[UInt8]: OnlineClient]

    init(_ presence: PresenceReplica, for references: [ClientReference]) {
        byID = presence.clients
        let wanted = Set(references.compactMap { $0.appID == nil ? $0.clientName.map { Array($0.utf8) } : nil })
        var byName: [[UInt8]: OnlineClient] = [:]
        if !wanted.isEmpty {
            for client in presence.clients.values {
                guard let name = client.clientName.map({ Array($0.utf8) }), wanted.contains(name) else { continue }
                byName[name] = client
            }
        }
        self.byName = byName
    }

    func client(appID: String) -> OnlineClient? {
        byID[appID].flatMap { $0.appID.hasSameBytes(as: appID) ? $0 : nil }
    }

    func client(named name: String) -> OnlineClient? { byName[Array(name.utf8)] }
}
