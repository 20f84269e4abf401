import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The name of this machine or container. It distinguishes processes of one kind where the settings give them no names.
public enum HostName {
    /// The name up to its first dot, reduced to at most 48 letters, digits, `_` and `-`; `host` where there is none.
    public static var asWord: String { word(of: name) }

    static func word(of name: String) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
        let first = name.prefix { $0 != "." }.map { allowed.contains($0) ? $0 : "-" }
        return first.isEmpty ? "host" : String(first.prefix(48))
    }

    /// Asked of the system, never of a name server.
    private static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
