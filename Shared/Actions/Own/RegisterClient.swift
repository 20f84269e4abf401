import Contracts
import OneBot

extension OwnAction {
    /// ``RegisterClient``, as the doors know it.
    public static let registerClient = OwnAction(
        "register_client", doors: .amqp, caller: .nobody, bot: .none, mayBeRepeated: true, onlyAsksRegistry: true
    ) { call async throws(RPC.Failure) in
        try await RegisterClient(call.params).perform(registry: call.registry)
    }
}

/// `register_client`: makes a program on the broker a client that lives there, for as long as it renews its lease.
struct RegisterClient {
    private let name: String?

    init(_ params: Parameters) throws(RPC.Failure) {
        // An empty name does not count as absent: the registry says what is wrong with it.
        name = params["name"] == nil ? nil : try params.text("name", send: "a string, or leave it out")
    }

    func perform(registry: RegistryClient) async throws(RPC.Failure) -> Response {
        let lease = try await registry.registerClient(named: name)
        var data = JSONObjectWriter()
        data.add("app_id", lease.grant.appID)
        data.add("client_token", lease.grant.clientToken)
        data.add("lease_seconds", lease.leaseSeconds)
        return .ok(data.finish())
    }
}
