import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why listening at an address failed, as a sentence for the operator.
public struct ListenFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: Int
    let reason: String
    let remedy: String

    /// - Parameters:
    ///   - error: what binding threw.
    ///   - hostSetting: where the address is set.
    ///   - portSetting: where the port is set; its value 0 is any free port.
    public init(_ error: any Error, host: String, port: Int, hostSetting: String, portSetting: String) {
        self.init(error, host: host, port: port, hostSetting: hostSetting, portSetting: portSetting) {
            PortHolder.find(port: port, host: host)
        }
    }

    /// - Parameter holder: who listens there already; asked only where somebody does.
    init(
        _ error: any Error, host: String, port: Int, hostSetting: String, portSetting: String,
        holder: () -> PortHolder?
    ) {
        self.host = host
        self.port = port
        let code = (error as? IOError)?.errnoCode
        if code == EADDRINUSE, let holder = holder() {
            reason = "\(holder) listens there already"
        } else {
            reason = Self.reason(of: error)
        }
        remedy =
            switch code {
            case EADDRINUSE: "Stop it, or set \(portSetting) to another port (0: any free one)."
            case EACCES: "Set \(portSetting) to a higher port."
            case EADDRNOTAVAIL: "Set \(hostSetting) to one it has, or to 0.0.0.0 for all."
            case EMFILE, ENFILE: "Raise its limit of open files (ulimit -n, LimitNOFILE, --ulimit nofile)."
            default: "Look at \(hostSetting) and \(portSetting)."  // the many other codes of the system
            }
    }

    /// What binding threw, in words, without a full stop.
    public static func reason(of error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode else {
            let isUnknownName = error is SocketAddressError.UnknownHost
            return isUnknownName ? "nobody knows that name" : "\(error)"
        }
        return switch code {
        case EADDRINUSE: "another program listens there already"
        case EACCES: "the user of this process may not listen there (ports below 1024 are root's as a rule)"
        case EADDRNOTAVAIL: "this machine does not have that address"
        case EMFILE, ENFILE: "the process has no descriptor left"
        default: String(cString: strerror(code))  // the many other codes of the system
        }
    }

    public var description: String { "Cannot listen on \(host):\(port): \(reason). \(remedy)" }
}
