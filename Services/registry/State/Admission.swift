import Contracts
import OneBot

/// How a session's wish to be registered ends.
enum AdmissionVerdict: Sendable {
    case refused(RPC.Failure)
    /// Another connection took its place: it is refused, and its edge is to close it.
    case superseded(RPC.Failure)
    /// The same question again, with the same answer.
    case repeated(KnownClient)
    case admitted(Admission)
}

/// What it means to let a session in; it is carried out once ``saves`` are written.
struct Admission: Sendable {
    let session: SessionKey
    let claim: SessionClaim
    /// The client as it will be once the session is in.
    var client: KnownClient
    /// The older session whose place it takes.
    var replaces: SessionKey?
    /// The client that loses its name to this one, as it will be then.
    var unnames: KnownClient?
    var saves = StoreChanges()

    /// The client as others will see it.
    var online: OnlineClient {
        OnlineClient(
            appID: client.appID, clientName: client.name?.text, role: claim.role, transport: claim.transport,
            edge: session.edge, sessionID: session.sessionID, selfID: claim.selfID, connectedAt: claim.connectedAt,
            remoteAddress: claim.remoteAddress, group: claim.group, groupBots: claim.groupBots)
    }
}
