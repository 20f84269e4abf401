import Bus
import Contracts
import OneBot

extension OwnAction {
    /// ``SendBroadcastDataCallback``, as the doors know it.
    public static let sendBroadcastDataCallback = OwnAction(
        "send_broadcast_data_callback", caller: .client, bot: .none, mayBeRepeated: false
    ) { call async throws(RPC.Failure) in
        try await SendBroadcastDataCallback(call.params).perform(as: call.caller, using: call.dispatcher)
    }
}

/// `send_broadcast_data_callback`: an answer to the sender of a broadcast.
struct SendBroadcastDataCallback {
    private let params: Parameters
    private let data: DistributedData
    private let target: ClientReference
    private let uuid: String?

    init(_ params: Parameters) throws(RPC.Failure) {
        self.params = params
        data = try DistributedData(params)
        guard let client = params.optionalJSON("client") else {
            throw params.mistake("client", is: "missing", send: "the broadcast event's `client` object")
        }
        target = try ClientReference(client, "client", of: params)
        uuid = try Self.uuid(in: params)
    }

    func perform(as caller: ActionCaller, using dispatcher: ActionDispatcher) async throws(RPC.Failure) -> Response {
        let presence = try await dispatcher.presenceNow()
        guard let client = target.find(in: ClientDirectory(presence, for: [target])), client.role.receivesEvents else {
            throw params.failure(.notFound, "the client in `client` is not online. Look it up with get_online_clients.")
        }
        guard let uuid = uuid ?? caller.latestBroadcast(client.appID) else {
            throw params.failure(
                .notFound,
                "no broadcast from client \(client.appID) is known here. Send the `uuid` of the one you answer.")
        }
        let distribution = Distribution(kind: .callback, uuid: uuid, sender: caller.client, data: data.json)
        switch await distribution.publish(to: [client], using: dispatcher)[client.inboxKey] ?? .unknown {
        case .confirmed: return .ok()
        case .unroutable:
            throw params.failure(
                .notFound,
                "client \(client.appID) has just gone, or takes no callbacks. Look it up with get_online_clients.")
        case .rejected(let reason):
            throw params.failure(.tooLarge, "the bus refused it (\(reason)). Send less at once.")
        case .unreachable(let reason):
            return .failed(
                .unavailable(.no()),
                "\(OwnAction.sendBroadcastDataCallback.name) was not sent: \(reason) Try again later.")
        case .unknown, .notStored:
            return .failed(
                .unavailable(.unknown),
                "\(OwnAction.sendBroadcastDataCallback.name): the bus did not say whether it took it; "
                    + "it may have been carried out all the same.")
        }
    }

    /// 1 to 128 characters, passed on unchecked; `nil` where it is absent.
    private static func uuid(in params: Parameters) throws(RPC.Failure) -> String? {
        let remedy = "the `uuid` of the broadcast event (1 to 128 characters), or leave it out"
        guard let value = params["uuid"] else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw params.mistake("uuid", is: value.inWords, send: remedy)
        }
        let length = text.unicodeScalars.count
        guard length <= 128 else { throw params.mistake("uuid", is: "\(length) characters long", send: remedy) }
        return text
    }
}
