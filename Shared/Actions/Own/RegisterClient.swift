import Contracts
import OneBot

/// `register_client`: makes a program on the broker a client that lives there, for as long as it renews its lease.
struct RegisterClient {
    private let name: String?

    init(_ params: Parameters) throws(RPC.Failure) {
        // An empty one is not taken for none: the registry says what is wrong with a name.
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
