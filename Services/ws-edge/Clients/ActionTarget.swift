import Actions
import Contracts
import OneBot

/// Which bot an action is for (docs/contract.md §3, "Which bot").
enum ActionTarget: Hashable {
    case bot(SelfID)
    /// Several could be meant: 1400 that lists them.
    case ambiguous([SelfID])
    /// None was ever known: 1503.
    case noBot
    /// The token shown is not for this one: 1403.
    case outOfScope(SelfID)

    /// - Parameters:
    ///   - bound: the bot the session is bound to; `nil` while none is known.
    ///   - known: every bot the deployment knows.
    ///   - scope: of the token shown.
    init(
        _ action: Action, binding: ClientUpgrade.Binding, bound: SelfID?, known: some Collection<SelfID>,
        scope: TokenScope = .everything
    ) {
        if known.count == 1, let bound, known.first == bound, scope.includes(bound) {
            // Whatever the action names, it is for that one: its `params` need not be read.
            self = .bot(bound)
            return
        }
        if let named = Self.named(in: action), known.contains(named) {
            self = scope.includes(named) ? .bot(named) : .outOfScope(named)
            return
        }
        switch binding {
        case .bot(let bot): self = .bot(bot)
        case .defaultBot: self = bound.map(ActionTarget.bot) ?? .noBot
        case .everyBot, .bots:
            let possible = known.filter(scope.includes)
            switch possible.count {
            case 0: self = .noBot
            case 1: self = possible.first.map(ActionTarget.bot) ?? .noBot
            default: self = .ambiguous(possible.sorted())
            }
        }
    }

    static func named(in action: Action) -> SelfID? {
        guard let value = action.params?["self_id"] else { return nil }
        if let number = value.int64 { return SelfID(number) }
        return value.string.flatMap { SelfID(decimal: $0) }
    }
}
