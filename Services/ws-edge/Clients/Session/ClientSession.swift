import Actions
import Contracts
import Logging
import Metrics
import NIOCore
import Observability
import OneBot
import WebSocketTransport

/// One client's connection, from its registration to its end: what it asks for (``SessionActions``), and what it hears
/// (``SessionFeed``). Confined to its shard's event loop.
final class ClientSession: WebSocketDelegate {
    let id: UInt64
    let actions: SessionActions
    let feed: SessionFeed
    /// The first session of a target for its bot: what the bot said before is for it, too.
    var isFirstOfTarget = false

    private let claim: SessionClaim
    private let connection: any ClientConnection
    private let home: SessionHome
    private let services: SessionServices
    private let onEnded: () -> Void
    private var state: ClientSessionState

    /// - Parameter onEnded: called once, on the loop, when the connection is gone.
    init(
        connection: any ClientConnection, upgrade: ClientUpgrade, claim: SessionClaim, home: SessionHome,
        services: SessionServices, onEnded: @escaping () -> Void
    ) {
        self.connection = connection
        self.claim = claim
        self.home = home
        self.services = services
        self.onEnded = onEnded
        id = claim.sessionID
        state = ClientSessionState(role: upgrade.role, binding: upgrade.binding)
        feed = SessionFeed(of: id, over: connection, upgrade: upgrade, home: home, services: services)
        actions = SessionActions(
            of: id, over: connection, choice: state.choice(in: upgrade.scope), feed: feed, home: home,
            services: services.actions)
        // They let go of this session when its connection is gone. A weak reference would make each event cost more: of
        // an object that has one, the runtime keeps the reference counts elsewhere.
        actions.begin(telling: { self.hear($0) }, logger: { self.logger })
        feed.begin { self.hear($0) }
    }

    var upgrade: ClientUpgrade { feed.upgrade }
    var isOpen: Bool { state.isOpen }
    var audience: Audience { state.audience.shared(feed.seat != nil) }
    var grant: SessionGrant? { state.grant }
    var appID: String? { state.grant?.appID }
    /// What the registry calls us, kept up to date by its presence changes.
    var client: Client? { state.grant?.client }

    /// Reading waits until the registry knows this client.
    func start() {
        actions.pauseReading()
        if let interval = upgrade.choices.delivery.pingInterval { connection.ping(every: interval) }
        home.add(self)
        let (id, home) = (id, home)
        services.registration.begin(claim) { outcome in home.run(id) { $0.registered(outcome) } }
    }

    // MARK: What the registry and the shard say

    func registered(_ outcome: Registration.Outcome) {
        switch outcome {
        case .granted(let grant):
            services.leases.granted(grant, to: id)
            if !isOpen, feed.seat?.granted(grant, at: .now()) == true { return }
            let isNew = state.grant == nil
            let opening = take(grant)
            if isNew { log.connected(as: upgrade.role) }
            act(on: opening)
            tellBot()
        case .delayed: act(on: state.registered(nil))
        case .refused(let failure):
            log.refused(failure)
            close(.policy(failure.message))
        }
        if state.readsActions { actions.read() }
    }

    /// The name changed, or the registry spoke of us again.
    func renamed(_ client: Client) {
        if let grant = feed.seat?.listed() { registered(.granted(grant)) }
        take(client)
    }

    private func take(_ client: Client) {
        guard var grant = state.grant, grant.appID == client.appID else { return }
        grant.clientName = client.clientName
        services.leases.granted(grant, to: id)
        act(on: take(grant))
    }

    private func take(_ grant: SessionGrant) -> ClientSessionState.Opening {
        actions.client = grant.client
        return state.registered(grant)
    }

    func known(_ bot: SelfID, isDefault: Bool) {
        let before = state.audience
        let opening = state.known(bot, isDefault: isDefault)
        feed.knows(state.bot)
        actions.choice = state.choice(in: upgrade.scope)
        if before == .unbound { feed.leaveOutOthers(knowing: bot) }
        act(on: opening)
        if state.audience != before {
            home.rebind(self)
            tellBot()
        }
    }

    private func act(on opening: ClientSessionState.Opening) {
        guard opening == .open else { return }
        home.rebind(self)
        feed.open(as: state.grant, isPosted: claim.transport == .webhook)
    }

    /// Reports which bot the client is for, so that the list says it also where it was not known when the client came.
    private func tellBot() {
        if state.grant != nil, case .bot(let bot) = state.binding { services.leases.bound(id, to: bot) }
    }

    /// Whether an event can be given to it: it is here to stay, and follows that bot.
    func takes(_ event: GroupedEvent) -> Bool { feed.takes(event, as: audience) }

    func tick(now: NIODeadline) {
        actions.tick(now: now)
        if let grant = feed.seat?.overdue(at: now) { registered(.granted(grant)) }
        feed.tick(now: now)
    }

    // MARK: WebSocketDelegate

    func received(text: ByteBuffer) { actions.received(text: text) }
    func discarded(_ message: DiscardedMessage) { actions.discarded(message) }
    func writabilityChanged(isWritable: Bool) { feed.writabilityChanged(isWritable: isWritable) }
    func ponged(_ payload: ByteBuffer) { feed.ponged(payload) }

    func closed(_ ending: WebSocketEnding) {
        guard state.end() else { return }
        log.disconnected(ending, feed)
        feed.end()
        actions.end()
        home.remove(self)
        services.leases.closed(id)
        onEnded()
    }

    // MARK: The end

    /// Stops reading; closes when what is in flight is answered.
    func drain() {
        state.drain()
        actions.drain()
    }

    /// Answers what is in flight as failed, and closes.
    func endNow() {
        actions.endCalls()
        close(.stopping(claim.transport))
    }

    func close(_ reason: CloseReason) {
        feed.leaveGroup()
        feed.endPause()
        connection.close(reason)
    }

    func abort() { connection.abort() }

    private func hear(_ news: SessionActions.News) {
        switch news {
        case .renamed(let name): if let appID { take(Client(appID: appID, clientName: name)) }
        case .drained: close(.stopping(claim.transport))
        }
    }

    private func hear(_ news: SessionFeed.News) {
        switch news {
        case .cut(let calls): actions.cut(calls)
        case .fellBehind(let bytes):
            services.metrics.slowClientsClosed.increment()
            log.tooSlow(bytes: bytes)
            feed.letGo()
            close(.tryAgainLater("You read too slowly; reconnect when you can keep up."))
        case .callsNoMore: log.callsNoMore(client)
        case .answersWentOut: actions.answersWentOut()
        }
    }

    /// Made when it is needed, which is seldom: kept, it would be a tenth of what an idle client costs.
    var logger: Logger {
        services.logger(of: claim, token: upgrade.scope.name, appID: appID, remoteAddress: connection.remoteAddress)
    }
    private var log: SessionLog { SessionLog(logger: logger) }
}
