import Contracts
import OneBot

extension OwnAction {
    /// ``SetClientName``, as the doors know it.
    public static let setClientName = OwnAction(
        "set_client_name", caller: .client, bot: .none, mayBeRepeated: true, onlyAsksRegistry: true,
        renamesCaller: true
    ) { call async throws(RPC.Failure) in
        try await SetClientName(call.params).perform(as: call.caller, registry: call.registry)
    }
}

/// `set_client_name`: gives the caller a name that is unique over the deployment; the registry alone can say whether
/// it is.
struct SetClientName {
    private static let remedy = "1 to 256 characters, no control characters, not only white space"
    private let name: ClientName

    init(_ params: Parameters) throws(RPC.Failure) {
        let text = try params.text("name", send: "a string of \(Self.remedy)")
        do throws(ClientName.Problem) {
            name = try ClientName(text)
        } catch {
            throw params.mistake("name", is: Self.inWords(error), send: Self.remedy)
        }
    }

    func perform(as caller: ActionCaller, registry: RegistryClient) async throws(RPC.Failure) -> Response {
        try await registry.setName(name.text, of: caller.client.appID)
        return .ok()
    }

    private static func inWords(_ problem: ClientName.Problem) -> String {
        switch problem {
        case .empty: "an empty string"
        case .blank: "only white space"
        case .tooLong(let scalars): "\(scalars) characters long"
        case .controlCharacter: "a string with a control character"
        }
    }
}
