import Contracts
import OneBot

/// Everything that lives at this edge, and what of it the registry has not heard yet.
///
/// A session that goes while its registration is on the way is reported as left only once that is settled: otherwise
/// the registry could hear of its end before its beginning, and keep a session that is gone.
struct LeaseBook {
    private struct Entry {
        var claim: SessionClaim
        var isSettled = false
        var hasLeft = false
    }

    private let edge: EdgeAddress
    private var sessions: [UInt64: Entry] = [:]
    private var bots: [SelfID: OnlineBot] = [:]
    private var sequence: UInt64 = 0
    private var left: [UInt64] = []
    private var bound: Set<UInt64> = []
    private var changedBots: [SelfID: OnlineBot] = [:]
    private var closedPorts: [EdgeAPI.ClosePort] = []
    private var isReady = true
    private var readinessChanged = false

    init(edge: EdgeAddress) { self.edge = edge }

    func isLive(_ session: UInt64) -> Bool { sessions[session].map { !$0.hasLeft } ?? false }

    mutating func opened(_ claim: SessionClaim) {
        sessions[claim.sessionID] = Entry(claim: claim, hasLeft: sessions[claim.sessionID]?.hasLeft ?? false)
    }

    mutating func granted(_ grant: SessionGrant, to session: UInt64) { sessions[session]?.claim.granted = grant }

    /// The bot a session is for became known after it was registered.
    mutating func bound(_ session: UInt64, to bot: SelfID) {
        guard let claim = sessions[session]?.claim, claim.granted != nil, claim.selfID != bot else { return }
        sessions[session]?.claim.selfID = bot
        bound.insert(session)
    }

    /// The registration has ended, whichever way.
    mutating func settled(_ session: UInt64) {
        guard let entry = sessions[session] else { return }
        sessions[session]?.isSettled = true
        if entry.hasLeft { leave(session) }
    }

    mutating func closed(_ session: UInt64) {
        guard let entry = sessions[session] else { return }
        sessions[session]?.hasLeft = true
        if entry.isSettled { leave(session) }
    }

    mutating func changed(_ bot: OnlineBot) {
        bots[bot.selfID] = bot
        changedBots[bot.selfID] = bot
    }

    mutating func closed(_ port: EdgeAPI.ClosePort) { closedPorts.append(port) }

    mutating func drain() {
        isReady = false
        readinessChanged = true
    }

    /// What is new since the last report; `nil` where nothing is.
    mutating func changes() -> EdgeReport? {
        guard !left.isEmpty || !bound.isEmpty || !changedBots.isEmpty || !closedPorts.isEmpty || readinessChanged else {
            return nil
        }
        defer { forgetChanges() }
        let claims = bound.compactMap { sessions[$0] }.filter { !$0.hasLeft }.map(\.claim)
        return report(
            .change, sessions: claims.sorted { $0.sessionID < $1.sessionID }, left: left,
            bots: changedBots.values.sorted { $0.selfID < $1.selfID }, closedPorts: closedPorts)
    }

    mutating func renewal() -> EdgeReport { changes() ?? report(.renew) }

    mutating func full() -> EdgeReport {
        forgetChanges()
        let claims = sessions.values.filter { !$0.hasLeft }.map(\.claim).sorted { $0.sessionID < $1.sessionID }
        return report(.full, sessions: claims, bots: bots.values.sorted { $0.selfID < $1.selfID })
    }

    mutating func end() -> EdgeReport { report(.down) }

    private mutating func leave(_ session: UInt64) {
        sessions[session] = nil
        left.append(session)
    }

    private mutating func forgetChanges() {
        left = []
        bound = []
        changedBots = [:]
        closedPorts = []
        readinessChanged = false
    }

    private mutating func report(
        _ kind: EdgeReport.Kind, sessions claims: [SessionClaim] = [], left: [UInt64] = [], bots: [OnlineBot] = [],
        closedPorts: [EdgeAPI.ClosePort] = []
    ) -> EdgeReport {
        sequence += 1
        return EdgeReport(
            kind: kind, edge: edge, sequence: sequence, isReady: isReady, sessions: claims, left: left, bots: bots,
            closedPorts: closedPorts, sessionCount: sessions.values.count { $0.claim.granted != nil })
    }
}
