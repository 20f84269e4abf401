import Bus
import OneBot

/// Whose the bot is: the claims on its parts, and which of those that are wished for are ours. Confined to the link's
/// event loop.
struct LinkClaims {
    typealias Part = BotLinkState.Part

    private let actions: BotClaim
    private let events: BotClaim
    /// The parts of the bot that are claimed for the link, and those of them that are ours.
    private var wanted: Set<Part> = []
    private var granted: Set<Part> = []

    init(_ claim: (Part) -> BotClaim) {
        actions = claim(.actions)
        events = claim(.events)
    }

    func claim(of part: Part) -> BotClaim {
        switch part {
        case .actions: actions
        case .events: events
        }
    }

    /// All that is wished for is ours.
    var areGranted: Bool { granted == wanted }

    func holds(_ part: Part) -> Bool { granted.contains(part) }

    /// - Parameter parts: what is wished for from now on; `nil`: what was.
    mutating func want(_ parts: Set<Part>?, for epoch: UInt64) {
        if let parts { wanted = parts }
        granted.formIntersection(wanted)
        for part in Part.allCases { claim(of: part).want(wanted.contains(part) ? epoch : nil) }
    }

    /// - Returns: whether all that is wished for is ours now.
    mutating func grant(_ part: Part) -> Bool {
        guard wanted.contains(part) else { return false }
        granted.insert(part)
        return areGranted
    }

    mutating func lost(_ part: Part) { granted.remove(part) }

    mutating func lostAll() { granted = [] }

    /// They are to say again that they are ours, once the bus works.
    func sayAgain() {
        for part in wanted { claim(of: part).sayAgain() }
    }
}
