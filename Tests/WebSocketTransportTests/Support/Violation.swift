@testable import WebSocketTransport

/// A frame that breaks a rule, with the frames before it that make it a violation.
struct Violation: Sendable, CustomStringConvertible {
    let description: String
    var before: [FrameSpec] = []
    let frame: FrameSpec
    let reason: String
    /// Whether it is also a close frame, after which the peer sends no other.
    var isClose = false

    static let all =
        reserved + [
            Violation(
                description: "not masked", frame: .frame(.text, "x", isMasked: false),
                reason: "A client's frames must be masked."),
            Violation(
                description: "control frame not masked", frame: .frame(.ping, "x", isMasked: false),
                reason: "A client's frames must be masked."),
            Violation(
                description: "continuation of nothing", frame: .frame(.continuation, "x"),
                reason: "A continuation came without a message to continue."),
            Violation(
                description: "continuation after a whole message", before: [.frame(.text, "x")],
                frame: .frame(.continuation, "x"), reason: "A continuation came without a message to continue."),
            Violation(
                description: "text within a message", before: [.frame(.text, "x", isFinal: false)],
                frame: .frame(.text, "x"), reason: "A new message began before the last one ended."),
            Violation(
                description: "binary within an empty beginning", before: [.frame(.text, "", isFinal: false)],
                frame: .frame(.binary, "x"), reason: "A new message began before the last one ended."),
        ] + controlFrames

    private static let reserved =
        [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { (opcode: UInt8) in
            Violation(
                description: "opcode \(opcode)", frame: .raw(opcode, [1]), reason: "Opcode \(opcode) is reserved.")
        }
        + [1, 2, 4, 7].map { (bits: UInt8) in
            Violation(
                description: "RSV \(bits)", frame: .raw(1, [65], reservedBits: bits),
                reason: "Reserved bits are set and no extension was negotiated.")
        }

    private static let controlFrames = [FrameHeader.Opcode.close, .ping, .pong].flatMap { opcode in
        [
            Violation(
                description: "fragmented \(opcode)", frame: .frame(opcode, "", isFinal: false),
                reason: "A control frame must not be fragmented.", isClose: opcode == .close),
            Violation(
                description: "long \(opcode)", frame: .frame(opcode, String(repeating: "x", count: 126)),
                reason: "A control frame holds at most 125 bytes.", isClose: opcode == .close),
        ]
    }
}
