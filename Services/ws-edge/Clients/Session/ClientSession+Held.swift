import Contracts
import OneBot

/// What waits behind the lifecycle.
extension ClientSession {
    func hold(_ item: ClientItem) { dropped(held.append(item)) }

    /// What its bot said before this session began; before its lifecycle.
    func catchUp(on item: ClientItem) {
        guard case .events(let bot, let frames, let count) = item, isChoosy else { return hold(item) }
        let run = EventRun.Joined(bot: bot, frames: frames, count: count)
        guard let chosen = chosen(from: EventView.all(of: run), of: run) else { return }
        hold(.events(bot, frames: chosen.frames, count: chosen.count))
    }

    /// It held the events of every bot that might have become its own, and one is known now: its own, or one that is not.
    func leaveOutOthers(knowing bot: SelfID) {
        let isOwn = state.bot == bot
        for event in held.leaveOut(where: { ($0 == bot) != isOwn }) { event.orphaned() }
    }

    func releaseHeld() {
        for item in held.takeAll() {
            switch item {
            case .events(_, let frames, let count): deliver(frames, events: count)
            case .grouped(let event): receive(event)
            case .own(let event): release(HubFrame(event))
            }
        }
    }

    /// It may have come before it was known who this is.
    private func release(_ rendered: HubFrame) {
        if case .clients(let appIDs) = rendered.content.hearers {
            guard let appID, appIDs.contains(appID) else { return }
        }
        receive(rendered)
    }
}
