import Contracts
import OneBot

/// Who "the current client" is over HTTP: what the request says of it, and how much of that is believed. The registry
/// then knows which client that is. The first of these that is there counts; where it is wrong, the next one is not
/// tried:
///
/// 1. `X-Client-Token`, or the parameter `client_token`: secret, speaks for one client.
/// 2. `X-Client-ID`, or the parameter `app_id`: no secret, so that every caller is trusted with it; not used with
///    `api.require_client_token`.
/// 3. The caller's address, if it is on loopback and did not come through a proxy, or with `api.identify_by_address`;
///    not used with `api.require_client_token`.
struct CallerIdentity: Sendable {
    var clientToken: String?
    var appID: String?
    /// Without a port.
    var address: String?
    /// It came through a proxy: `Forwarded` or `X-Forwarded-For` is there.
    var isForwarded: Bool

    struct Policy: Sendable {
        var requiresClientToken = false
        var identifiesByAddress = false
    }

    /// What to ask the registry.
    /// - Throws: 1401 where nothing says who is calling.
    func question(_ policy: Policy) throws(RPC.Failure) -> RegistryAPI.Identify {
        if let clientToken, !clientToken.isEmpty { return RegistryAPI.Identify(clientToken: clientToken) }
        if policy.requiresClientToken {
            throw RPC.Failure(
                .unauthorized,
                "\(Self.unknown), from get_ws_port's answer or the lifecycle event.")
        }
        if let appID, !appID.isEmpty { return RegistryAPI.Identify(appID: appID) }
        if let address, policy.identifiesByAddress || (Self.isLoopback(address) && !isForwarded) {
            return RegistryAPI.Identify(address: address)
        }
        throw RPC.Failure(
            .unauthorized,
            "\(Self.unknown), from get_ws_port's answer or the lifecycle event, or X-Client-ID (or app_id).")
    }

    private static let unknown = "Which client is calling is not known. Send X-Client-Token (or client_token)"

    private static func isLoopback(_ address: String) -> Bool {
        let mapped = "::ffff:"
        let address = address.hasPrefix(mapped) ? String(address.dropFirst(mapped.count)) : address
        return address == "::1" || address.hasPrefix("127.")
    }
}
