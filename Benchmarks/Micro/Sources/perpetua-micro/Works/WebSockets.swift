import NIOCore

@testable import WebSocketTransport

/// Frames of a WebSocket, in and out.
enum WebSockets {
    static let all = [
        Benchmark(name: "websocket-receive", title: "receive a masked text frame of 400 bytes", count: 10_000) {
            let frame = FrameHeader.frame(.text, Frames.event, maskingKey: MaskingKey(value: 0xDEAD_BEEF))
            var state = WebSocketState(side: .server, maxMessageBytes: 16 << 20)
            return .calls { count in
                for _ in 0..<count {
                    var input = frame
                    var message: ByteBuffer?
                    while true {
                        let received = state.receive(&input)
                        if case .message(let text) = received { message = text }
                        if case .needsMoreBytes = received { break }
                    }
                    try check(message?.readableBytes == Frames.event.readableBytes, "No message came out.")
                    keep(message)
                }
            }
        },
        Benchmark(name: "websocket-encode", title: "encode a text frame of 400 bytes", count: 10_000) {
            let text = Frames.event
            return .calls { count in for _ in 0..<count { keep(WebSocketConnection.encodeText(text)) } }
        },
    ]
}
