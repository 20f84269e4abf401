import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// A port of 127.0.0.1 that refuses connections until a server of the test takes it. The system gives it to nobody
/// else, not even after that server has stopped. It is bound but never listens; a server with `SO_REUSEADDR` may bind
/// it nevertheless.
public final class ReservedPort: Sendable {
    public let number: Int
    private let descriptor: CInt

    /// - Parameter port: the port to reserve; 0: any.
    /// - Throws: `IOError` where the port is in use, or reserved already.
    public init(_ port: Int = 0) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var yes: CInt = 1
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                // SO_REUSEADDR is set only after binding: otherwise a port could be reserved twice.
                bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
                    && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size)) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else {
            let error = IOError(errnoCode: errno, reason: "binding a port of 127.0.0.1")
            close(descriptor)
            throw error
        }
    }

    /// Keeps the reservation until the process ends.
    public func keep() { _ = Unmanaged.passRetained(self) }

    deinit { close(descriptor) }
}
