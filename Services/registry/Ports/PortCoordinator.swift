import Contracts
import OneBot

/// Drives one wish for a port: has an edge and a port picked, asks the edge to bind it, and tries the next until one is
/// bound or none is left. Only then is the wish answered.
struct PortCoordinator: Sendable {
    let inputs: RegistryInputs
    let edges: EdgeClient

    /// No new try after that long: the asker waits 10 s, and an edge may take 3 s to answer.
    private static let patience = Duration.seconds(6)
    private static let maxTries = 64

    func lease(_ wish: RegistryAPI.LeasePort) async -> Result<RegistryAPI.PortGrant, RPC.Failure> {
        let clock = SuspendingClock()
        let start = clock.now
        var failures: [EdgeAddress: Int] = [:]
        var last = RPC.Failure(.unavailable(.no()), "No edge opened a port in time. Try again.")
        for _ in 0..<Self.maxTries where clock.now - start < Self.patience {
            let offer: PortOffer
            switch await inputs.ask({ [failures] in .portWanted(wish, failures: failures, $0) }) {
            case .success(let found): offer = found
            case .failure(let failure): return .failure(failure)
            }
            do throws(RPC.Failure) {
                let opened = try await edges.openPort(
                    EdgeAPI.OpenPort(
                        appID: offer.appID, clientToken: offer.token.text, selfID: wish.selfID, port: offer.port,
                        patienceMilliseconds: Int(offer.expiry / .milliseconds(1))),
                    at: offer.edge)
                return await inputs.ask { .portBound(offer, opened, $0) }
            } catch {
                inputs.send(.portNotBound(offer))
                failures[offer.edge, default: 0] += 1
                last = error
            }
        }
        return .failure(last)
    }
}
