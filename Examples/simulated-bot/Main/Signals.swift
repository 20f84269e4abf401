import Dispatch
import Foundation

/// Catches signals that would otherwise end the process.
struct Signals {
    private let received: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32]) {
        let (received, continuation) = AsyncStream.makeStream(of: Void.self)
        self.received = received
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    /// Returns when the first signal arrives.
    func first() async {
        for await _ in received { return }
    }
}
