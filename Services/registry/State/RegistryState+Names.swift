import Contracts
import OneBot

/// A new name for a client, carried out once ``saves`` are written.
struct Renaming: Sendable {
    var client: KnownClient
    let name: ClientName
    var saves = StoreChanges()
}

extension RegistryState {
    /// Whether a client may have that name. Changes nothing.
    /// - Returns: `nil` where it has it already.
    /// - Throws: 1400 for what can be no name, 1404 where no such client is online, 1409 where the name is another's.
    func decide(_ wish: RegistryAPI.SetName, at now: Moment) throws(RPC.Failure) -> Renaming? {
        guard let client = clients[wish.appID], presence.clients[wish.appID] != nil else {
            if let whatIsAwaited { throw RPC.Failure(.unavailable(.no(retryAfter: .milliseconds(500))), whatIsAwaited) }
            throw RPC.Failure(.notFound, "No client \(wish.appID.prefix(64)) is online.")
        }
        let name = try checked(wish.name, for: wish.appID).get()
        if client.name == name { return nil }
        var renaming = Renaming(client: client, name: name)
        renaming.client.name = name
        renaming.client.isSaved = true
        renaming.saves.put(record(of: renaming.client, last: client.session, at: now))
        return renaming
    }

    mutating func rename(_ renaming: Renaming) -> RegistryEffects {
        var effects = RegistryEffects()
        let old = clients[renaming.client.appID]?.name
        guard presence.give(renaming.name, to: renaming.client.appID, inPlaceOf: old) else { return effects }
        clients.put(renaming.client)
        if let online = presence.clients[renaming.client.appID] {
            effects.changes.append(presence.change(.clientRenamed, online.edge, clients: [online]))
        }
        return effects
    }

    /// The text as a name, where that client may have it.
    func checked(_ text: String, for appID: String) -> Result<ClientName, RPC.Failure> {
        do throws(ClientName.Problem) {
            let name = try ClientName(text)
            if let holder = presence.holder(of: name), holder != appID {
                return .failure(
                    RPC.Failure(
                        .conflict,
                        "That name is taken by the client \(holder). Choose another, or wait until it has left."))
            }
            return .success(name)
        } catch {
            return .failure(RPC.Failure(.badRequest, Self.sentence(error)))
        }
    }

    private static func sentence(_ problem: ClientName.Problem) -> String {
        switch problem {
        case .empty: "A client's name cannot be empty. Send 1 to 256 characters."
        case .blank: "A client's name cannot be only white space. Send at least one visible character."
        case .tooLong(let scalars):
            "A client's name has at most 256 characters (Unicode scalars); this one has \(scalars)."
        case .controlCharacter:
            "A client's name cannot hold control characters. Leave out line breaks, tabs and the like."
        }
    }
}
