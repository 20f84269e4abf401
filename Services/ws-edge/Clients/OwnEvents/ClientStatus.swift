import Contracts
import NIOCore
import OneBot

/// `notice` / `client_status`: a client came or went.
final class ClientStatus: OwnEventContent {
    let client: OnlineClient
    let isOnline: Bool
    /// There are so many clients that only those hear it that asked for it, and the client itself.
    let isCrowd: Bool

    init(_ client: OnlineClient, isOnline: Bool, isCrowd: Bool) {
        self.client = client
        self.isOnline = isOnline
        self.isCrowd = isCrowd
    }

    var hearers: OwnEvent.Hearers { isCrowd ? .curious(and: client.sessionID) : .everybody }
    var bot: SelfID? { nil }

    func passes(_ filter: EventFilter) -> Bool { filter.passes(postType: "notice", detailType: "client_status") }

    func isAbout(session: UInt64, at edge: EdgeAddress) -> Bool { client.edge == edge && client.sessionID == session }

    func isHeard(by choices: ClientChoices, isSelf: Bool) -> Bool {
        StatusAudience.hears(choices.clientStatus, isSelf: isSelf, isCrowd: isCrowd)
    }

    func text(time: Int64, selfID: SelfID, isSelf: Bool) -> ByteBuffer {
        var writer = OwnEvent.begun(time: time, selfID: selfID, postType: "notice")
        writer.add("notice_type", "client_status")
        writer.add("client", json: client.client.json)
        writer.add("online", isOnline)
        writer.add("self_client", isSelf)
        return writer.finish()
    }
}
