public import OneBot

/// What the holder of a token may do: on which bots, by which actions, with or without events, over HTTP or not.
public struct TokenScope: Sendable, Hashable {
    /// `tokens[].name`; `nil` for `access_token`, and where no token is asked for.
    public var name: String?
    /// The bots it is for, the preferred one first, never empty; `nil`: every bot.
    public var bots: [SelfID]?
    /// The actions it is for, ours among them.
    public var actions: [ActionPattern]
    /// Exceptions: actions it is not for although ``actions`` has them.
    public var excludedActions: [ActionPattern]
    public var receivesEvents: Bool
    public var usesHTTP: Bool

    public init(
        name: String? = nil, bots: [SelfID]? = nil, actions: [ActionPattern] = [.all],
        excludedActions: [ActionPattern] = [], receivesEvents: Bool = true, usesHTTP: Bool = true
    ) {
        self.name = name
        self.bots = bots
        self.actions = actions
        self.excludedActions = excludedActions
        self.receivesEvents = receivesEvents
        self.usesHTTP = usesHTTP
    }

    /// No limits.
    public static let everything = TokenScope()

    public func includes(_ bot: SelfID) -> Bool { bots?.contains(bot) ?? true }

    /// The name counts without `_async` or `_rate_limited`: a suffix says how, not what.
    public func permits(action: String) -> Bool {
        let plain = ActionName(action).plain
        return Self.matches(actions, plain) && !Self.matches(excludedActions, plain)
    }

    private static func matches(_ patterns: [ActionPattern], _ action: String) -> Bool {
        patterns.contains { $0.matches(action) }
    }

    /// The bot that is meant where none is named: the deployment's default one if it is within the scope, else the
    /// scope's first one. `nil` where the scope is all bots.
    public func bot(insteadOf standard: SelfID?) -> SelfID? {
        guard let bots else { return nil }
        return standard.flatMap { bots.contains($0) ? $0 : nil } ?? bots.first
    }

    // MARK: Refusals, each a sentence; `nil` where there is none

    public func refusal(ofAction action: String) -> String? {
        guard !permits(action: action) else { return nil }
        let list = (actions.map(\.text) + excludedActions.map { "!\($0.text)" }).joined(separator: ", ")
        return "\(subject) is not for \(action.prefix(128)), but for \(list.isEmpty ? "no action" : list). "
            + "Show another token, or have it added to the `actions` of this one."
    }

    public func refusal(ofBot bot: SelfID) -> String? {
        guard let bots, !bots.contains(bot) else { return nil }
        return "\(subject) is not for bot \(bot), but for \(bots.map(\.description).joined(separator: ", ")). "
            + "Show another token, or have it added to the `self_ids` of this one."
    }

    public var refusalOfEvents: String? {
        guard !receivesEvents else { return nil }
        return "\(subject) is not for events. Connect to /api, show another token, or have `events` set for this one."
    }

    public var refusalOfHTTP: String? {
        guard !usesHTTP else { return nil }
        return "\(subject) is not for HTTP. Show another token, or have `http` set for this one."
    }

    private var subject: String { name.map { "The token “\($0)”" } ?? "The token" }
}
