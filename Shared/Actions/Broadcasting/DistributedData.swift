import Contracts
import NIOCore
import OneBot

/// The `data` of a broadcast or callback: a JSON string that passes as its sender wrote it.
struct DistributedData {
    /// 1 MiB, counted in the string's own UTF-8, escapes resolved.
    static let maxBytes = 1 << 20
    let json: ByteBuffer

    init(_ params: Parameters) throws(RPC.Failure) {
        let length = try params.text("data", send: "a string of at most 1 MiB").utf8.count
        guard length <= Self.maxBytes, let value = params["data"] else {
            throw params.failure(.tooLarge, "`data` has \(length) bytes. Send at most \(Self.maxBytes) at once.")
        }
        json = value.bytes
    }
}
