import Contracts
import OneBot

extension OwnAction {
    /// ``RenewClient``, as the doors know it.
    public static let renewClient = OwnAction(
        "renew_client", doors: .amqp, caller: .token, bot: .none, mayBeRepeated: true, onlyAsksRegistry: true
    ) { call async throws(RPC.Failure) in
        try await RenewClient(call.clientToken, call.params).perform(registry: call.registry)
    }
}

/// `renew_client`: a client that lives on AMQP stays one for another lease.
struct RenewClient {
    private let clientToken: String

    init(_ clientToken: String?, _ params: Parameters) throws(RPC.Failure) {
        guard let clientToken, !clientToken.isEmpty else {
            throw params.failure(
                .unauthorized, "nobody knows which client this is. Send register_client's `client_token` as a header.")
        }
        self.clientToken = clientToken
    }

    func perform(registry: RegistryClient) async throws(RPC.Failure) -> Response {
        var data = JSONObjectWriter()
        data.add("lease_seconds", try await registry.renewClient(clientToken).leaseSeconds)
        return .ok(data.finish())
    }
}
