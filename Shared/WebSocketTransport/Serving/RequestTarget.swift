/// What stands between method and version of a request line, taken apart (RFC 9112 §3.2).
struct RequestTarget {
    /// As written, without the query; `/` where it is empty.
    let path: String
    /// As `application/x-www-form-urlencoded`: percent-decoded, `+` is a space, in order.
    let query: [(name: String, value: String)]

    init(_ target: String) {
        var rest = Substring(target)
        // The absolute form, which a client may send to a proxy: only its path concerns us.
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
        }
        let question = rest.firstIndex(of: "?") ?? rest.endIndex
        path = question == rest.startIndex ? "/" : String(rest[..<question])
        query = rest[question...].dropFirst().split(separator: "&").map { pair in
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            return (
                PercentEncoding.decode(pair[..<equals], plusIsSpace: true),
                PercentEncoding.decode(pair[equals...].dropFirst(), plusIsSpace: true)
            )
        }
    }
}
