import NIOCore
import OneBot

/// The messages `get_msg` and `delete_msg` still find: the last 1 000, received and sent.
struct MessageMemory: Sendable {
    static let capacity = 1000

    private var messages: [Int64: ByteBuffer] = [:]
    private var lastID: Int64 = 0

    /// A number no message has had yet.
    mutating func nextID() -> Int64 {
        lastID += 1
        return lastID
    }

    /// Keeps a message as `get_msg` answers it (OneBot 11, `get_msg`), and forgets the oldest one over the capacity.
    mutating func remember(_ id: Int64, type: String, sender: ByteBuffer, message: ByteBuffer, at time: Int64) {
        messages[id - Int64(Self.capacity)] = nil
        messages[id] = .object { json in
            json.add("time", time)
            json.add("message_type", type)
            json.add("message_id", id)
            json.add("real_id", id)
            json.add("sender", json: sender)
            json.add("message", json: message)
        }
    }

    subscript(id: Int64) -> ByteBuffer? { messages[id] }

    /// Returns whether there was such a message.
    mutating func forget(_ id: Int64) -> Bool { messages.removeValue(forKey: id) != nil }
}
