import Contracts
public import OneBot

/// The actions of ours that exist on AMQP only: by them a program on the broker becomes a client, and stays one.
public enum BrokerAction: String, Sendable, CaseIterable {
    case registerClient = "register_client"
    case renewClient = "renew_client"
}

extension ActionDispatcher {
    /// Carries out one of them.
    /// - Parameter clientToken: the secret of the client that asks, if it has one.
    public func perform(_ action: BrokerAction, params: JSONObject?, clientToken: String?) async -> Response {
        let params = Parameters(params, of: action)
        do throws(RPC.Failure) {
            switch action {
            case .registerClient: return try await RegisterClient(params).perform(registry: registry)
            case .renewClient: return try await RenewClient(clientToken, params).perform(registry: registry)
            }
        } catch {
            return error.response
        }
    }
}
