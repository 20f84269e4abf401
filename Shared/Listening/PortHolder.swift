import Foundation

/// The program that listens on a port, where `/proc` shows it: on Linux, for programs of the same user, or all for
/// root.
struct PortHolder: Sendable, Hashable, CustomStringConvertible {
    let name: String
    let pid: Int

    var description: String { "\(name) (process \(pid))" }

    /// Bounds of the search: a machine may run any number of programs with any number of descriptors.
    private static let mostProcesses = 8_192
    private static let mostDescriptors = 131_072

    static func find(port: Int, host: String) -> PortHolder? {
        var inodes: Set<String> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let text = whole(table) else { continue }
            inodes.formUnion(ListeningSockets.inodes(in: text, port: port, host: host))
        }
        return inodes.isEmpty ? nil : holder(of: Set(inodes.map { "socket:[\($0)]" }))
    }

    /// `String(contentsOfFile:)` stops after the first piece of a file without a known length: that is all of a short
    /// table, but only some 30 sockets of a long one.
    private static func whole(_ table: String) -> String? {
        // `try?`: other systems have no such file, and then nothing is found.
        let bytes = try? FileHandle(forReadingFrom: URL(filePath: table)).readToEnd()
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func holder(of sockets: Set<String>) -> PortHolder? {
        let files = FileManager.default
        var descriptors = 0
        // `try?`, here and below: processes of other users, and those that have ended meanwhile, cannot be read.
        let pids = ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }.sorted()
        for pid in pids.prefix(mostProcesses) {
            let folder = "/proc/\(pid)/fd"
            for descriptor in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
                descriptors += 1
                guard descriptors <= mostDescriptors else { return nil }
                guard let target = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)"),
                    sockets.contains(target)
                else { continue }
                return PortHolder(name: name(of: pid), pid: pid)
            }
        }
        return nil
    }

    private static func name(of pid: Int) -> String {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? ""
        let printable = text.unicodeScalars.filter {
            !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F
        }
        return printable.isEmpty ? "a program" : String(String.UnicodeScalarView(printable))
    }
}
