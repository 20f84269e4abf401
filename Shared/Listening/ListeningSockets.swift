/// The table of TCP sockets as Linux shows it (`/proc/net/tcp`, `/proc/net/tcp6`): the inodes of those that listen.
enum ListeningSockets {
    private static let listening = "0A"

    /// The sockets that prevent listening on that port and address.
    /// - Parameter table: the file's content; lines that cannot be read are passed over.
    static func inodes(in table: String, port: Int, host: String) -> Set<String> {
        let wanted = hexadecimal(host)
        var inodes: Set<String> = []
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == listening, fields[9] != "0" else { continue }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, Int(local[1], radix: 16) == port, collides(String(local[0]), wanted) else {
                continue
            }
            inodes.insert(String(fields[9]))
        }
        return inodes
    }

    /// A wildcard address, on either side, collides with every other.
    private static func collides(_ address: String, _ wanted: String?) -> Bool {
        guard let wanted, !isWildcard(wanted), !isWildcard(address) else { return true }
        // An IPv4 address in a table of IPv6 ones stands at its end.
        return address == wanted || (address.count == 32 && wanted.count == 8 && address.hasSuffix(wanted))
    }

    private static func isWildcard(_ address: String) -> Bool { address.allSatisfy { $0 == "0" } }

    /// As the table has it: bytes of a word from the last to the first. `nil` where it is not an IPv4 address: then any
    /// socket may collide.
    private static func hexadecimal(_ host: String) -> String? {
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard bytes.count == 4, bytes.allSatisfy({ $0 != nil }) else { return nil }
        return bytes.reversed().compactMap { $0 }.map { byte in
            let text = String(byte, radix: 16, uppercase: true)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
