import Foundation
import Logging
import NIOCore
import OneBot
import WebSocketTransport

/// The state and the connections of a simulated bot. Confined to one event loop, which all its connections share.
///
/// Decisions are made by the values it holds (``BotAnswers``, ``EventGenerator``, ``EventPace``, ``Misbehaviour``);
/// this type carries them out. Its two extensions handle events and actions.
final class BotCore {
    let eventLoop: any EventLoop
    let configuration: SimulatedBotConfiguration
    let logger: Logger
    let account: Account

    var answers: BotAnswers
    var generator: EventGenerator
    var memory = MessageMemory()
    var misbehaviour: Misbehaviour
    var script: (@Sendable (ReceivedAction) -> ScriptedAnswer)?
    var record: ActionRecord

    var pace: EventPace
    var bursts: [EventBurst] = []
    var isFeeding = false
    var feedTimer: Scheduled<Void>?
    var heartbeatTimer: Scheduled<Void>?
    var eventsSent = 0

    private(set) var links: [BotLink] = []
    private(set) var isStopped = false
    private var awayUntil: NIODeadline?
    private var linkWaiters: [LinkWaiter] = []
    private var lastWaiter = 0

    private struct LinkWaiter {
        let id: Int
        let isMet: (Int) -> Bool
        let promise: EventLoopPromise<Void>
    }

    init(configuration: SimulatedBotConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        account = Account(selfID: configuration.selfID)
        answers = BotAnswers(account: account)
        generator = EventGenerator(account: account, seed: configuration.seed)
        misbehaviour = configuration.misbehaviour
        record = ActionRecord(capacity: configuration.recordedActions)
        pace = EventPace(rate: configuration.rate, count: configuration.count)
    }

    /// Seconds since 1970, as OneBot 11 writes times.
    var time: Int64 { Int64(Date().timeIntervalSince1970) }

    var eventLinks: [BotLink] { links.filter { $0.role.receivesEvents } }

    /// While it is away, it lets nobody in and dials nobody.
    var isAway: Bool { isStopped || awayUntil.map { NIODeadline.now() < $0 } ?? false }

    func leaveFor(_ away: Duration) {
        awayUntil = .now() + TimeAmount(away)
    }

    func comeBack() {
        awayUntil = nil
    }

    // MARK: Links

    /// Takes over a new connection.
    /// - Parameter ended: succeeds when it has ended.
    func join(_ connection: WebSocketConnection, role: ClientRole, ended: EventLoopPromise<Void>? = nil) {
        let link = BotLink(connection: connection, role: role, core: self, ended: ended)
        connection.delegate = link
        links.append(link)
        if isAway {
            connection.abort()
            return
        }
        logger.debug(
            "A connection opened.",
            metadata: ["client.remote_address": "\(connection.remoteAddress)", "role": "\(role.rawValue)"])
        if role.receivesEvents {
            link.send(MetaEvents.connect(selfID: account.selfID, at: time))
            connection.flush()
        }
        linksChanged()
        feedEvents()
    }

    func leave(_ link: BotLink, _ ending: WebSocketEnding) {
        links.removeAll { $0 === link }
        logger.debug("A connection ended.", metadata: ["reason": "\(ending)"])
        linksChanged()
        feedEvents()
    }

    func dropLinks(isAbrupt: Bool) {
        for link in links {
            if isAbrupt { link.connection.abort() } else { link.connection.close(.goingAway("simulated drop")) }
        }
    }

    /// Succeeds once the number of connections is as wanted.
    func waitForLinks(_ isMet: @escaping (Int) -> Bool, _ wanted: String, within limit: Duration) -> EventLoopFuture<
        Void
    > {
        let promise = eventLoop.makePromise(of: Void.self)
        if isMet(links.count) {
            promise.succeed()
            return promise.futureResult
        }
        lastWaiter += 1
        let id = lastWaiter
        linkWaiters.append(LinkWaiter(id: id, isMet: isMet, promise: promise))
        let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [self] in
            guard let index = linkWaiters.firstIndex(where: { $0.id == id }) else { return }
            linkWaiters.remove(at: index).promise.fail(
                SimulatedBotError.timedOut(waitingFor: wanted, lastSeen: "\(links.count) connections"))
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    private func linksChanged() {
        let met = linkWaiters.filter { $0.isMet(links.count) }
        linkWaiters.removeAll { $0.isMet(links.count) }
        for waiter in met { waiter.promise.succeed() }
    }

    // MARK: The end

    /// Closes every connection, and fails whatever is waited for.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        feedTimer?.cancel()
        heartbeatTimer?.cancel()
        for burst in bursts { burst.done?.fail(SimulatedBotError.stopped) }
        bursts = []
        record.giveUpAll(.stopped)
        dropLinks(isAbrupt: false)
    }
}
