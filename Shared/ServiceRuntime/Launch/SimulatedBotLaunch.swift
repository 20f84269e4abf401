import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A bot to try things with: the program `simulated-bot` in the same folder as ours, as one more entry of `bots`.
struct SimulatedBotLaunch: Sendable {
    let program: String
    let port: Int

    /// - Parameter executable: the path of our own program.
    static func beside(executable: String) throws(LaunchFailure) -> SimulatedBotLaunch {
        let program = URL(filePath: executable).deletingLastPathComponent().appending(path: "simulated-bot")
            .path(percentEncoded: false)
        guard FileManager.default.isExecutableFile(atPath: program) else { throw .noSimulatedBot(program) }
        // Below the ports that systems give to outgoing connections.
        guard let port = (0..<100).lazy.map({ _ in Int.random(in: 20_000..<32_000) }).first(where: isFree) else {
            throw .noFreePort
        }
        return SimulatedBotLaunch(program: program, port: port)
    }

    /// - Parameter entries: the entries that `bots` has already: `bots[0]`, ….
    func flags(afterEntries entries: [String]) -> [(key: String, value: String)] {
        let last = entries.last.flatMap { Int($0.dropFirst("bots[".count).dropLast()) }
        let entry = "bots[\(last.map { $0 + 1 } ?? 0)]"
        let command = [program, "--host", "127.0.0.1", "--port", "\(port)"]
        return [("\(entry).url", "ws://127.0.0.1:\(port)/")]
            + command.enumerated().map { ("\(entry).command[\($0)]", $1) }
    }

    private static func isFree(_ port: Int) -> Bool {
        #if canImport(Glibc)
            let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let file = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard file >= 0 else { return false }
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
