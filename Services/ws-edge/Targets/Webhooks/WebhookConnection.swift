import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// A webhook as a session sees it: what the session sends is posted, one event after another, and the quick operations
/// among the answers come back as actions. Confined to its event loop.
///
/// It never tells the session to wait: what is not posted yet is in its own ``WebhookQueue``, with bounds of its own.
final class WebhookConnection: ClientConnection {
    let eventLoop: any EventLoop
    let remoteAddress: String
    /// The session; held until it is told of the end.
    var delegate: (any WebSocketDelegate)?

    private let requests: WebhookPoster
    private let poster: HTTPPoster
    /// `webhooks[].at_sender`.
    private let atSender: Bool
    private let metrics: WebhookMetrics
    private let logger: Logger
    private var queue: WebhookQueue
    private var log: WebhookLog
    private var timer: Scheduled<Void>?
    /// Actions that wait until the session reads again; while there are any, no event is posted.
    private var actions: CircularBuffer<ByteBuffer> = CircularBuffer()
    private var isReadingPaused = false
    private var ending: Ending = .none

    private enum Ending { case none, closing(CloseReason), closed }

    init(
        requests: WebhookPoster, atSender: Bool, remoteAddress: String, queue: WebhookQueue, metrics: WebhookMetrics,
        logger: Logger, on eventLoop: any EventLoop
    ) {
        self.requests = requests
        poster = HTTPPoster(to: requests.address, on: eventLoop)
        self.atSender = atSender
        self.remoteAddress = remoteAddress
        self.queue = queue
        self.metrics = metrics
        self.logger = logger
        self.eventLoop = eventLoop
        log = WebhookLog(logger: logger)
    }

    // MARK: ClientConnection

    var isWritable: Bool { true }

    func send(_ frames: ByteBuffer, as kind: OutgoingKind) {
        guard case .none = ending else {
            // What comes while it ends is not posted here any more.
            if kind == .event { dropped(.unreachable, count: WebSocketConnection.texts(inEncoded: frames).count) }
            return
        }
        for text in WebSocketConnection.texts(inEncoded: frames) {
            switch kind {
            case .event: dropped(.full, count: queue.append(text, at: .now()))
            case .answer: answered(text)
            }
        }
    }

    func flush() { advance() }

    func pauseReading() { isReadingPaused = true }

    func resumeReading() {
        isReadingPaused = false
        // Never during this call: the session has only just said that it reads.
        if !actions.isEmpty { later { $0.handOver() } }
    }

    /// What waits is posted before the end, unless the receiver does not take it now.
    func close(_ reason: CloseReason) {
        guard case .none = ending else { return }
        ending = .closing(reason)
        actions.removeAll()
        later { $0.advance() }
    }

    func abort() { later { $0.end(WebSocketEnding(code: nil, reason: "aborted", isOurs: true)) } }

    // MARK: Posting

    private func advance() {
        switch ending {
        case .none: guard actions.isEmpty else { return }
        case .closing(let reason):
            if queue.count == 0 || queue.isPausing {
                return end(WebSocketEnding(code: reason.code, reason: reason.text, isOurs: true))
            }
        case .closed: return
        }
        switch queue.next(at: .now()) {
        case .post(let event): post(event)
        case .pause(let end): wait(until: end)
        case .nothing: break
        }
    }

    private func wait(until end: NIODeadline) {
        guard timer == nil else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: end) {
            self.timer = nil
            self.advance()
        }
    }

    private func post(_ event: WebhookQueue.Event) {
        let headers = requests.headers(of: event.text, attempt: event.attempts)
        let outcome = poster.post(event.text, headers: headers, within: requests.timeout)
        outcome.assumeIsolated().whenComplete { outcome in
            if case .closed = self.ending { return }
            switch outcome {
            case .success(let answer): self.answered(answer, to: event)
            case .failure(let error): self.failed(error)
            }
            self.advance()
        }
    }

    private func answered(_ answer: HTTPPoster.Answer, to event: WebhookQueue.Event) {
        switch queue.ended(.answered(status: answer.status), at: .now()) {
        case .delivered:
            metrics.posted(.ok)
            log.delivered()
            carryOut(answer, to: event)
        case .again:
            metrics.posted(.failed)
            log.failed(status: answer.status, at: .now())
        case .dropped(let loss):
            metrics.posted(loss == .refused ? .refused : .failed)
            if loss == .refused {
                log.refused(status: answer.status, at: .now())
            } else {
                log.failed(status: answer.status, at: .now())
            }
            dropped(loss, count: 1)
        }
    }

    private func failed(_ error: any Error) {
        let expired: Int
        switch queue.ended(.unanswered, at: .now()) {
        case .again(let count): expired = count
        case .delivered, .dropped: expired = 0
        }
        metrics.posted(.unanswered)
        log.unanswered(error, at: .now())
        dropped(.unreachable, count: expired)
    }

    private func dropped(_ loss: WebhookQueue.Loss, count: Int) {
        guard count > 0 else { return }
        metrics.dropped(loss, count: count)
        log.dropped(loss, count: count)
    }

    // MARK: Quick operations

    private func carryOut(_ answer: HTTPPoster.Answer, to event: WebhookQueue.Event) {
        guard case .none = ending, answer.status != 204 else { return }
        guard let body = answer.body else { return log.odd("longer than \(HTTPPoster.Answer.maxBodyBytes) bytes") }
        guard body.readableBytes > 0 else { return }
        // An answer that is no object is no quick operation; why it is none does not matter.
        guard let json = try? JSONObject(body) else { return log.odd("no JSON object") }
        guard case .event(let event) = BotFrame(parsing: event.text) else { return }
        let operation = QuickOperation(json, to: event, atSender: atSender)
        for reason in operation.ignored {
            logger.debug("A part of a quick operation is left out.", metadata: [LogKeys.reason: "\(reason)"])
        }
        actions.append(contentsOf: operation.calls.map(\.frame))
        handOver()
    }

    private func handOver() {
        while !isReadingPaused, let action = actions.popFirst() { delegate?.received(text: action) }
        advance()
    }

    /// The bot's answer to an action of a quick operation: nobody asked for it, but somebody may look for why nothing
    /// happened.
    private func answered(_ response: ByteBuffer) {
        // What is no object is nothing we sent.
        guard let json = try? JSONObject(response), json["status"]?.string == "failed" else { return }
        metrics.quickOperationsFailed.increment()
        logger.debug(
            "An action of a quick operation failed.",
            metadata: [
                LogKeys.action: "\(json["echo"]?.string ?? "unknown")",
                LogKeys.status: "\(json["retcode"]?.int64 ?? 0)",
                LogKeys.carriedOut: "\(json["data"]?.object?["carried_out"]?.string ?? "not said")",
                LogKeys.reason: "\(json["msg"]?.string ?? json["wording"]?.string ?? "not said")",
            ])
    }

    // MARK: The end

    private func end(_ ending: WebSocketEnding) {
        if case .closed = self.ending { return }
        self.ending = .closed
        timer?.cancel()
        poster.close()
        actions.removeAll()
        metrics.dropped(.unreachable, count: queue.clear())
        let session = delegate
        delegate = nil
        session?.closed(ending)
    }

    /// Does it in a turn of its own, so that the session is not called while it calls us.
    private func later(_ work: @escaping (WebhookConnection) -> Void) {
        eventLoop.assumeIsolated().execute { work(self) }
    }
}
