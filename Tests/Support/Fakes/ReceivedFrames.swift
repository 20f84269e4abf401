import NIOCore
import WebSocketTransport

/// What a ``FakeClient`` got, and what it waits for. Confined to the connection's event loop.
final class ReceivedFrames: WebSocketDelegate {
    private struct Waiter {
        let id: Int
        let what: String
        let matches: (ReceivedFrame) -> Bool
        let promise: EventLoopPromise<ReceivedFrame>
    }

    private let eventLoop: any EventLoop
    private var endWaiters: [(id: Int, promise: EventLoopPromise<WebSocketEnding>)] = []
    private var ending: WebSocketEnding?
    private var waiters: [Waiter] = []
    private var lastWaiter = 0
    private(set) var unread: [ReceivedFrame] = []
    private(set) var total = 0
    var connection: WebSocketConnection?
    var whenClosed: (() -> Void)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func next(
        _ what: String, within limit: Duration, where matches: @escaping (ReceivedFrame) -> Bool
    ) -> EventLoopFuture<ReceivedFrame> {
        if let index = unread.firstIndex(where: matches) {
            return eventLoop.makeSucceededFuture(unread.remove(at: index))
        }
        if let ending { return eventLoop.makeFailedFuture(FakeClientError.ended(waitingFor: what, ending)) }
        lastWaiter += 1
        let id = lastWaiter
        let promise = eventLoop.makePromise(of: ReceivedFrame.self)
        waiters.append(Waiter(id: id, what: what, matches: matches, promise: promise))
        let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
            guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
            waiters.remove(at: index).promise.fail(FakeClientError.timedOut(waitingFor: what, unread: unread))
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    func waitForEnding(within limit: Duration) -> EventLoopFuture<WebSocketEnding> {
        if let ending { return eventLoop.makeSucceededFuture(ending) }
        lastWaiter += 1
        let id = lastWaiter
        let promise = eventLoop.makePromise(of: WebSocketEnding.self)
        endWaiters.append((id, promise))
        let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
            guard let index = endWaiters.firstIndex(where: { $0.id == id }) else { return }
            endWaiters.remove(at: index).promise.fail(
                FakeClientError.timedOut(waitingFor: "the end of the connection", unread: unread))
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    // MARK: WebSocketDelegate

    func received(text: ByteBuffer) {
        let frame = ReceivedFrame(text)
        total += 1
        if let index = waiters.firstIndex(where: { $0.matches(frame) }) {
            waiters.remove(at: index).promise.succeed(frame)
        } else {
            unread.append(frame)
        }
    }

    func writabilityChanged(isWritable: Bool) {}

    func closed(_ ending: WebSocketEnding) {
        self.ending = ending
        whenClosed?()
        whenClosed = nil
        connection = nil
        for waiter in waiters {
            waiter.promise.fail(FakeClientError.ended(waitingFor: waiter.what, ending))
        }
        waiters = []
        for waiter in endWaiters { waiter.promise.succeed(ending) }
        endWaiters = []
    }
}
