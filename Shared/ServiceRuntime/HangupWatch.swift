import Dispatch
import Foundation
import Synchronization

/// SIGHUP asks the process to read its settings again; it never ends the process.
final class HangupWatch: Sendable {
    /// A queue of its own, since the work reads files. Requests are served one after another; several that come
    /// meanwhile count as one.
    private let queue = DispatchQueue(label: "hangup")
    private let source = Mutex<(any DispatchSourceSignal)?>(nil)

    /// From now on the signal does nothing: not even while the process is only starting.
    static func ignore() { signal(SIGHUP, SIG_IGN) }

    /// From now on each request does `work`.
    func start(_ work: @escaping @Sendable () -> Void) {
        Self.ignore()
        source.withLock { source in
            let signals = DispatchSource.makeSignalSource(signal: SIGHUP, queue: queue)
            signals.setEventHandler(handler: work)
            signals.resume()
            source = signals
        }
    }

    /// From now on the signal does nothing again.
    func stop() { source.withLock { $0?.cancel() } }
}
