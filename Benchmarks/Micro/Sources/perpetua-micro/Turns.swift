import NIOCore

/// Operations on an event loop, one after another: the next begins when the one before has ended. Between two looks at
/// whether it has ended, the loop runs whatever is due.
///
/// `@unchecked Sendable`: everything is touched on `eventLoop` only.
final class Turns: @unchecked Sendable {  // confined to its event loop, as said above
    private let eventLoop: any EventLoop
    private let begin: () -> Void
    private let hasEnded: () -> Bool
    private var left = 0
    private var count = 0
    private var start: Moment?
    private var finished: CheckedContinuation<Measurement, Never>?
    /// Made once, so that looking allocates nothing.
    private var look: @Sendable () -> Void = {}

    /// - Parameters:
    ///   - begin: one operation.
    ///   - hasEnded: whether it has come to its end.
    init(on eventLoop: any EventLoop, begin: @escaping () -> Void, hasEnded: @escaping () -> Bool) {
        self.eventLoop = eventLoop
        self.begin = begin
        self.hasEnded = hasEnded
    }

    func carryOut(_ count: Int) async -> Measurement {
        await withCheckedContinuation { continuation in
            eventLoop.execute {
                self.look = { self.next() }
                self.finished = continuation
                self.count = count
                self.left = count
                self.start = .now
                self.step()
            }
        }
    }

    private func next() {
        guard hasEnded() else { return eventLoop.execute(look) }
        step()
    }

    private func step() {
        guard left == 0 else {
            left -= 1
            begin()
            return eventLoop.execute(look)
        }
        let end = Moment.now
        guard let start, let finished else { return }
        self.finished = nil
        look = {}
        finished.resume(returning: Measurement(count, from: start, to: end))
    }
}
