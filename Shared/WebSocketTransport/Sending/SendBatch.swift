import CSendRing
import NIOCore

/// Flushes of many connections of one event loop, carried out together: by one system call where the system has
/// io_uring and permits it, else one after another (docs/decisions/0013). Confined to that event loop.
public final class SendBatch {
    private struct Entry {
        let output: SocketOutput
        let bytes: ByteBuffer
    }

    /// With fewer, the ring costs more than it saves.
    private static let fewest = 3
    /// Pieces in one system call.
    private static let capacity: UInt32 = 256

    private let ring: OpaquePointer?
    private var entries: [Entry] = []
    private var pieces: [send_piece] = []
    private var sent: [Int] = []

    /// - Parameter usesRing: false: always one after another.
    public init(usesRing: Bool = true) {
        ring = usesRing ? send_ring_create(Self.capacity) : nil
    }

    deinit { send_ring_destroy(ring) }

    func add(_ bytes: ByteBuffer, of output: SocketOutput) {
        entries.append(Entry(output: output, bytes: bytes))
    }

    /// Sends what the connections gave. What the kernel does not take now is left with their channels, in order.
    public func carryOut() {
        guard !entries.isEmpty else { return }
        var entries: [Entry] = []
        swap(&entries, &self.entries)
        if let ring, entries.count >= Self.fewest {
            send(entries, by: ring)
        } else {
            sent.removeAll(keepingCapacity: true)
            for entry in entries { sent.append(entry.output.send(entry.bytes)) }
        }
        // Flushing one may end it, and so call others: by then each output must know which of its bytes are left.
        var areAllSent = true
        for (entry, count) in zip(entries, sent) {
            entry.output.sent(count, of: entry.bytes)
            areAllSent = areAllSent && count == entry.bytes.readableBytes
        }
        if !areAllSent { for entry in entries { entry.output.flush() } }
        entries.removeAll(keepingCapacity: true)
        if self.entries.isEmpty { swap(&entries, &self.entries) }
    }

    private func send(_ entries: [Entry], by ring: OpaquePointer) {
        pieces.removeAll(keepingCapacity: true)
        for entry in entries {
            // The entry holds the bytes, so they stay where they are.
            let bytes = entry.bytes.withUnsafeReadableBytesWithStorageManagement { bytes, _ in bytes }
            // -1, where the socket has ended meanwhile: nothing is sent.
            pieces.append(
                send_piece(
                    descriptor: entry.output.descriptor ?? -1, bytes: bytes.baseAddress, length: bytes.count))
        }
        sent.removeAll(keepingCapacity: true)
        sent.append(contentsOf: repeatElement(0, count: pieces.count))
        send_ring_send(ring, pieces, UInt32(pieces.count), &sent)
    }
}
