import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The TCP socket below a channel without TLS, written to past the channel (docs/decisions/0013). Confined to the channel's event loop.
///
/// It must be used only while nothing waits in the channel, or bytes would overtake others; and what ``send(_:)`` leaves over is the channel's.
struct PlainSocket {
    private let channel: any Channel
    private let number: CInt

    /// `nil` where the channel does not show its socket, and on systems where a write to a closed one would be a signal.
    init?(of channel: any Channel) {
        #if os(Linux)
            // Throws where the socket is closed already.
            let number = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable {
                (descriptor: NIOBSDSocket.Handle) in descriptor
            }
            guard let number else { return nil }
            self.channel = channel
            self.number = number
        #else
            return nil
        #endif
    }

    /// `nil` once it is closed. A channel closes its socket and ceases to be active before any code of ours runs: so it is no other socket's yet.
    var descriptor: CInt? { channel.isActive ? number : nil }

    /// - Returns: how many bytes the kernel took, from the first on. Fewer than there are: it is full, or the socket has ended; the channel finds out
    ///   which when it is given the rest.
    func send(_ bytes: ByteBuffer) -> Int {
        #if os(Linux)
            guard let descriptor else { return 0 }
            return bytes.withUnsafeReadableBytes { bytes in
                max(0, Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)))
            }
        #else
            return 0
        #endif
    }
}
