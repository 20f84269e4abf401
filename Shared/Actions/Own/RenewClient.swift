import Contracts
import OneBot

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
