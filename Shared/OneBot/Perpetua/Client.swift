public import NIOCore

/// A program that uses a bot through Perpetua: what everybody may know of it.
public struct Client: Sendable, Hashable, Codable {
    public var appID: String
    /// Absent until set. Compared byte for byte, never by Unicode equivalence: use ``ClientName``.
    public var clientName: String?

    public init(appID: String, clientName: String? = nil) {
        self.appID = appID
        self.clientName = clientName
    }

    enum CodingKeys: String, CodingKey {
        case appID = "app_id"
        case clientName = "client_name"
    }

    /// `{"app_id":"…","client_name":"…"}`, the name only where there is one.
    public var json: ByteBuffer {
        var writer = JSONObjectWriter()
        writer.add("app_id", appID)
        if let clientName { writer.add("client_name", clientName) }
        return writer.finish()
    }
}
