import NIOCore
import NIOPosix

/// Ports in a row that are free now, below those the system hands to clients.
enum FreePorts {
    static func range(of count: Int) throws -> ClosedRange<Int> {
        for first in stride(from: 20_000 + Int.random(in: 0..<1_000) * 10, to: 32_000, by: count) {
            let range = first...first + count - 1
            let channels = range.map { port in
                // Taken: then this range is not it.
                try? ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: port)
                    .wait()
            }
            for channel in channels.compactMap({ $0 }) { try channel.close().wait() }
            if channels.allSatisfy({ $0 != nil }) { return range }
        }
        throw ChannelError.operationUnsupported
    }
}
