import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The options of every socket, accepted or dialled: how soon a dead peer is noticed (contract §3).
enum SocketSettings {
    static func apply(to channel: any Channel, options: WebSocketOptions) throws {
        guard let socket = channel.syncOptions else { return }
        let marks = options.writeBufferWaterMark
        try socket.setOption(
            .writeBufferWaterMark,
            value: ChannelOptions.Types.WriteBufferWaterMark(low: marks.lowerBound, high: marks.upperBound))
        // Each connection keeps one buffer to read into. It grows for a peer that fills it; most clients send little.
        try socket.setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 256, maximum: 64 << 10))
        try socket.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try socket.setOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            try socket.setOption(tcp(TCP_KEEPIDLE), value: 15)
            try socket.setOption(tcp(TCP_KEEPINTVL), value: 5)
            try socket.setOption(tcp(TCP_KEEPCNT), value: 3)
            let userTimeout = TimeAmount(options.userTimeout).nanoseconds / 1_000_000
            try socket.setOption(tcp(TCP_USER_TIMEOUT), value: .init(clamping: userTimeout))
        #endif
    }

    /// Makes closing the socket reset the connection: bytes that wait are not sent any more. On its event loop.
    static func resetWhenClosed(_ channel: any Channel) {
        let now = linger(l_onoff: 1, l_linger: 0)
        // It fails on a socket that is closed already.
        (channel as? any SocketOptionProvider)?.setSoLinger(now).whenFailure { _ in }
    }

    private static func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption {
        .init(level: .tcp, name: .init(rawValue: name))
    }
}
