import Contracts
import OneBot

/// `get_ws_port`: leases a port for one client. The answer comes once the edge listens there.
struct GetWSPort {
    private let wish: RegistryAPI.LeasePort

    init(_ params: Parameters) throws(RPC.Failure) {
        wish = RegistryAPI.LeasePort(
            selfID: try params.optionalSelfID("self_id"),
            edgeID: try params.optionalText("edge", send: "the edge_id of an edge, or leave it out"))
    }

    func perform(registry: RegistryClient) async throws(RPC.Failure) -> Response {
        let grant = try await registry.leasePort(wish)
        var data = JSONObjectWriter()
        data.add("port", grant.port)
        data.add("host", grant.host)
        data.add("url", grant.url)
        data.add("app_id", grant.appID)
        data.add("client_token", grant.clientToken)
        data.add("expires_in", grant.expiresIn)
        return .ok(data.finish())
    }
}
