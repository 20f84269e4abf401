import NIOCore
import NIOPosix
import NIOSSL

extension DialTarget {
    /// Made once per process: reading the system's certificates takes a while.
    private static let defaultTLS = Result { try NIOSSLContext(configuration: .makeClientConfiguration()) }

    /// What a connection to it is made secure with; `nil` where it is a plain one.
    ///
    /// - Parameter trust: which servers to trust, instead of those the system trusts.
    func tls(trusting trust: TLSConfiguration? = nil) throws -> NIOSSLContext? {
        guard isSecure else { return nil }
        return try trust.map { try NIOSSLContext(configuration: $0) } ?? Self.defaultTLS.get()
    }

    /// Makes a connection to it secure.
    func secure(_ pipeline: ChannelPipeline.SynchronousOperations, _ tls: NIOSSLContext) throws {
        // An address is not a name by which a server could choose its certificate (SNI).
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host))
    }

    /// Why no connection came about, without a full stop.
    static func reason(_ error: NIOConnectionError) -> String {
        if let attempt = error.connectionErrors.last { return "\(attempt.error)" }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "the name \(error.host) cannot be resolved" }
        return "no address of \(error.host) answered"
    }
}
