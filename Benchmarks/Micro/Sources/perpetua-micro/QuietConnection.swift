import NIOCore
import WebSocketTransport

@testable import WSEdge

/// A client's socket that takes everything and sends nothing, so that our code is measured, and not the kernel.
/// Confined to its event loop.
final class QuietConnection: ClientConnection {
    let eventLoop: any EventLoop
    let remoteAddress = "192.0.2.1:5000"
    let isWritable = true
    private let arrivals: Arrivals
    private var hasUnflushed = false

    init(eventLoop: any EventLoop, arrivals: Arrivals) {
        self.eventLoop = eventLoop
        self.arrivals = arrivals
    }

    func send(_ frames: ByteBuffer, as kind: OutgoingKind) { hasUnflushed = true }

    /// What was sent has arrived.
    func flush() {
        guard hasUnflushed else { return }
        hasUnflushed = false
        arrivals.count += 1
    }

    func pauseReading() {}
    func resumeReading() {}
    func close(_ reason: CloseReason) {}
    func abort() {}
}
