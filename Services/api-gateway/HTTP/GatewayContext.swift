import Hummingbird
import NIOCore
import OneBot

/// What is known of a request besides its bytes: where it came from.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// The other end's IP address; `nil` where it has none.
    let remoteAddress: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        remoteAddress = source.channel.remoteAddress?.ipAddress
    }

    /// What headers and address say of who is calling.
    func caller(_ request: Request) -> CallerIdentity {
        CallerIdentity(
            clientToken: request.headers[.clientToken], appID: request.headers[.clientID], address: remoteAddress,
            isForwarded: request.headers[.forwarded] != nil || request.headers[.xForwardedFor] != nil)
    }

    /// `X-Priority`, 0 to 9: where a bot's action waits for its turn, the higher go first.
    func priority(_ request: Request) throws(Refusal) -> UInt8? {
        guard let text = request.headers[.priority] else { return nil }
        guard let number = UInt8(text), 0...9 ~= number else {
            throw Refusal(.badRequest, "X-Priority is “\(text.prefix(100))”. Send a number from 0 to 9.")
        }
        return number
    }
}

extension HTTPFields.Element.Name {
    fileprivate static let clientToken = Self("X-Client-Token")!
    fileprivate static let clientID = Self("X-Client-ID")!
    fileprivate static let priority = Self("X-Priority")!
    fileprivate static let forwarded = Self("Forwarded")!
    fileprivate static let xForwardedFor = Self("X-Forwarded-For")!
}
