public import NIOCore
import OneBot

/// How far the registry's changes have come. A replica that has reached a position has everything that anybody was told
/// before the registry gave that position.
public struct PresencePosition: Sendable, Hashable, Comparable, Codable {
    public var registryEpoch: UInt64
    /// The last change.
    public var sequence: UInt64

    public init(registryEpoch: UInt64, sequence: UInt64) {
        self.registryEpoch = registryEpoch
        self.sequence = sequence
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.registryEpoch, left.sequence) < (right.registryEpoch, right.sequence)
    }

    /// The registry's answer. It is written and read by hand, since every broadcast needs it.
    public var answer: ByteBuffer {
        ByteBuffer(string: #"{"result":{"registry_epoch":\#(registryEpoch),"sequence":\#(sequence)}}"#)
    }

    /// - Throws: an ``RPC/Failure`` where the answer is one.
    public init(answer: ByteBuffer) throws {
        // `try?`: an answer of another form is a failure, or the full decoding below says what is wrong with it.
        if let result = try? JSONObject(answer)["result"]?.object,
            let epoch = result["registry_epoch"]?.int64.flatMap({ UInt64(exactly: $0) }),
            let sequence = result["sequence"]?.int64.flatMap({ UInt64(exactly: $0) })
        {
            self.init(registryEpoch: epoch, sequence: sequence)
        } else {
            self = try RPC.decodeResult(PresencePosition.self, from: answer)
        }
    }

    enum CodingKeys: String, CodingKey {
        case sequence
        case registryEpoch = "registry_epoch"
    }
}
