import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// A port of 127.0.0.1 where connections are refused until a server of the test takes it: the system gives it to nobody else, not even after
/// that server has stopped. It is bound and never listens; a server with `SO_REUSEADDR` may bind it all the same.
public final class ReservedPort: Sendable {
    public let number: Int
    private let descriptor: CInt

    public init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var yes: CInt = 1
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size)) == 0
                    && bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else {
            let error = IOError(errnoCode: errno, reason: "binding a port of 127.0.0.1")
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }
}
