import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The TCP socket below a channel without TLS, to write to it past the channel (docs/decisions/0013). Confined to the
/// channel's event loop.
///
/// It must be used only while nothing waits in the channel, or bytes would overtake others. Bytes that ``send(_:)``
/// does not take have to go through the channel.
struct PlainSocket {
    private let channel: any Channel
    private let number: CInt

    /// `nil` where the channel does not show its socket, and on systems where a write to a closed socket would raise a
    /// signal.
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

    /// `nil` once it is closed. A channel that closes its socket becomes inactive before any of our code runs, so the
    /// number cannot belong to another socket yet.
    var descriptor: CInt? { channel.isActive ? number : nil }

    /// - Returns: how many bytes the kernel took, from the first on. If these are not all, the socket is full or has
    ///   ended; the channel finds out which when it is given the rest.
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
