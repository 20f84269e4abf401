public import Bus

extension Requester {
    /// What is in flight to a bot whose link is gone ends soon: whoever held it answers, if it lives, and nobody else will.
    public func doubt(_ effect: PresenceReplica.Effect) {
        for bot in effect.lostLinks { doubt(Exchanges.actionKey(bot), limit: .seconds(2)) }
        for bot in effect.newLinks {
            doubt(Exchanges.actionKey(bot), olderThan: PresenceReplica.lag, limit: .seconds(2))
        }
    }
}
