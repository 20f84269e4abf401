import NIOCore
import TestSupport

/// Consecutive ports for a program that is told its ports, below those the system hands to clients. Nobody else gets
/// them while this process lives, not even another run of the tests at the same time.
enum FreePorts {
    static func range(of count: Int) throws -> ClosedRange<Int> {
        for first in stride(from: 20_000 + Int.random(in: 0..<1_000) * 10, to: 32_000, by: count) {
            let range = first...first + count - 1
            // `try?`: where a port is taken, another range is tried.
            let reserved = range.compactMap { try? ReservedPort($0) }
            if reserved.count == count {
                for port in reserved { port.keep() }
                return range
            }
        }
        throw ChannelError.operationUnsupported
    }
}
