import SettingsReading

/// How the outside reaches this edge's ports (`edge.public_host`, `edge.public_ports`).
struct PublicAddresses: Sendable {
    struct Mapping: Sendable, Hashable {
        let ours: ClosedRange<Int>
        /// The outside's port for the first of ours.
        let outside: Int

        /// Reads `8100-8199=9100-9199` or `6700=80`; both sides must be of the same length.
        init?(_ text: String) {
            let sides = text.split(separator: "=").map { Self.range($0) }
            guard sides.count == 2, let ours = sides[0], let outside = sides[1], ours.count == outside.count else {
                return nil
            }
            self.ours = ours
            self.outside = outside.lowerBound
        }

        private static func range(_ text: Substring) -> ClosedRange<Int>? {
            let ends = text.split(separator: "-").map { Int($0) }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], 1 <= low,
                low <= high,
                high <= 65535
            else { return nil }
            return low...high
        }
    }

    private let host: String
    private let mappings: [Mapping]

    /// - Parameter host: what listeners bind.
    init(_ configuration: PortsConfiguration, host: String) {
        let isWildcard = ["0.0.0.0", "::", ""].contains(host)
        self.host = configuration.publicHost ?? (isWildcard ? "127.0.0.1" : host)
        mappings = configuration.publicPorts.compactMap { Mapping($0) }
    }

    func outside(of port: Int) -> (host: String, port: Int, url: String) {
        let mapping = mappings.first { $0.ours.contains(port) }
        let outside = mapping.map { $0.outside + port - $0.ours.lowerBound } ?? port
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return (host, outside, "ws://\(bracketed):\(outside)/")
    }
}
