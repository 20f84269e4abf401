import OneBot
import Testing

@testable import WSEdge

@Suite("BotLinkState")
struct BotLinkStateTests {
    private var state = BotLinkState()

    private func connection(
        _ number: UInt64, _ role: ClientRole = .universal, _ origin: BotLinkState.Origin = .dialledIn
    ) -> BotLinkState.Connection {
        BotLinkState.Connection(number: number, role: role, origin: origin)
    }

    private func attached(
        displaced: [BotLinkState.Connection] = [], movesActions: Bool = false, takesEvents: Bool = true,
        claims: Bool = false
    ) -> BotLinkState.Attachment {
        .attached(displaced: displaced, movesActions: movesActions, takesEvents: takesEvents, claims: claims)
    }

    @Test("the first connection makes the link claim its queue; its frames count from the start")
    mutating func firstConnection() {
        #expect(state.attach(connection(1)) == attached(claims: true))
        #expect(state.phase == .claiming)
        #expect(state.takesEvent(from: 1))
        #expect(state.takesResponse(from: 1))
        #expect(state.claimed() == true)
        #expect(state.phase == .up)
        #expect(state.claimed() == false)
    }

    @Test("a claim granted after the link went changes nothing")
    mutating func lateClaim() {
        _ = state.attach(connection(1))
        #expect(state.lost(1) == .init(losesActions: true, endsLink: true))
        #expect(state.claimed() == false)
        #expect(state.phase == .down)
    }

    @Test(
        "a link whose claim is lost is claiming again; one that is expelled is down, and what its connections send is ignored"
    )
    mutating func unclaimed() {
        _ = state.attach(connection(1))
        #expect(state.unclaimed() == false)
        _ = state.claimed()
        #expect(state.unclaimed() == true)
        #expect(state.phase == .claiming)
        #expect(state.takesEvent(from: 1))
        let expelled = state.expel(.events)
        #expect(expelled?.place == connection(1))
        #expect(expelled?.loss == .init(losesActions: true, endsLink: true), "it took actions as well")
        #expect(state.phase == .down)
        #expect(state.parts == [])
        #expect(!state.takesEvent(from: 1))
        #expect(!state.takesResponse(from: 1))
        #expect(state.lost(1) == .init(losesActions: false, endsLink: false))
        #expect(state.unclaimed() == false)
    }

    @Test("of a pair, the part that another edge has is given up, and the other stays")
    mutating func expelOne() {
        _ = state.attach(connection(1, .api))
        _ = state.attach(connection(2, .event))
        #expect(state.parts == [.actions, .events])
        let expelled = state.expel(.events)
        #expect(expelled?.place == connection(2, .event))
        #expect(expelled?.loss == .init(losesActions: false, endsLink: false))
        #expect(state.parts == [.actions])
        let again = state.expel(.events)
        #expect(again == nil)
    }

    @Test("an API and an Event connection make one bot, whichever comes first", arguments: [false, true])
    mutating func pair(eventFirst: Bool) {
        let api = connection(1, .api)
        let event = connection(2, .event)
        if eventFirst {
            #expect(state.attach(event) == attached(claims: true))
            #expect(state.attach(api) == attached(takesEvents: false))
        } else {
            #expect(state.attach(api) == attached(takesEvents: false, claims: true))
            #expect(state.attach(event) == attached())
        }
        _ = state.claimed()
        #expect(state.actions == api)
        #expect(state.events == event)
        #expect(!state.takesEvent(from: 1))
        #expect(state.takesEvent(from: 2))
        #expect(state.takesResponse(from: 1))
        #expect(state.lost(2) == .init(losesActions: false, endsLink: false))
        #expect(state.lost(1) == .init(losesActions: true, endsLink: true))
    }

    @Test("the newest Universal connection replaces whatever there was")
    mutating func newestWins() {
        let api = connection(1, .api)
        let event = connection(2, .event)
        _ = state.attach(api)
        _ = state.attach(event)
        _ = state.claimed()
        #expect(state.attach(connection(3)) == attached(displaced: [api, event], movesActions: true))
        #expect(state.phase == .up)
        #expect(!state.takesEvent(from: 2))
        #expect(state.lost(1) == .init(losesActions: false, endsLink: false))
        #expect(state.lost(2) == .init(losesActions: false, endsLink: false))
        #expect(state.attach(connection(4)) == attached(displaced: [connection(3)], movesActions: true))
    }

    @Test("an Event connection beside a Universal one takes over the events only, so that none is doubled")
    mutating func eventBesideUniversal() {
        let universal = connection(1)
        _ = state.attach(universal)
        _ = state.claimed()
        #expect(state.attach(connection(2, .event)) == attached())
        #expect(!state.takesEvent(from: 1))
        #expect(state.takesEvent(from: 2))
        #expect(state.actions == universal)
        #expect(
            state.attach(connection(3, .api))
                == attached(displaced: [universal], movesActions: true, takesEvents: false))
    }

    @Test("a second entry of bots[] that leads to the same bot is refused while the first is connected")
    mutating func duplicateEntry() {
        _ = state.attach(connection(1, .universal, .dialled(entry: 0)))
        #expect(state.attach(connection(2, .universal, .dialled(entry: 1))) == .refused(entry: 0))
        #expect(state.lost(2) == .init(losesActions: false, endsLink: false))
        #expect(state.actions?.number == 1)
        // The same entry again: the old socket is half open.
        #expect(
            state.attach(connection(3, .universal, .dialled(entry: 0)))
                == attached(displaced: [connection(1, .universal, .dialled(entry: 0))], movesActions: true))
        _ = state.lost(3)
        #expect(state.attach(connection(4, .universal, .dialled(entry: 1))) == attached(claims: true))
    }

    @Test("frames of a connection that was never attached are ignored")
    func stranger() {
        #expect(!state.takesEvent(from: 9))
        #expect(!state.takesResponse(from: 9))
    }
}
