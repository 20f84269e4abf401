import Hummingbird
import NIOCore

/// What is known of a request besides its bytes: where it came from.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The other end's IP address; `nil` where it has none.
    let remoteAddress: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress?.ipAddress
    }

    /// What headers and address say of who is calling.
    func caller(_ request: Request) -> CallerIdentity {
        CallerIdentity(
            clientToken: request.headers[.clientToken], appID: request.headers[.clientID], address: remoteAddress,
            isForwarded: request.headers[.forwarded] != nil || request.headers[.xForwardedFor] != nil)
    }
}

extension HTTPFields.Element.Name {
    fileprivate static let clientToken = Self("X-Client-Token")!
    fileprivate static let clientID = Self("X-Client-ID")!
    fileprivate static let forwarded = Self("Forwarded")!
    fileprivate static let xForwardedFor = Self("X-Forwarded-For")!
}
