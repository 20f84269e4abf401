import NIOCore
import OneBot

/// Finds out whose connection this is: from `X-Self-ID` or the configuration, from any event, or by asking the bot.
struct BotIdentity {
    private(set) var selfID: SelfID?
    private var hasAsked = false

    private static let echo = "perpetua-login"

    /// - Parameter selfID: what is known beforehand.
    init(_ selfID: SelfID?) {
        self.selfID = selfID
    }

    /// The question, to be sent as it is; `nil` where there is nothing to ask.
    mutating func question() -> ByteBuffer? {
        guard selfID == nil else { return nil }
        return probe()
    }

    /// The same question for a bot that is known, to see whether it answers at all.
    mutating func probe() -> ByteBuffer {
        hasAsked = true
        var frame = JSONObjectWriter()
        frame.add("action", "get_login_info")
        frame.add("params", json: ByteBuffer(string: "{}"))
        frame.add("echo", Self.echo)
        return frame.finish()
    }

    enum Finding: Hashable {
        /// The frame says nothing about who sent it, or nothing new.
        case none
        /// The answer to our own question; it concerns nobody else.
        case answerToUs(SelfID?)
        case learnt(SelfID)
    }

    /// Reads a frame of the bot. A `self_id` of 0 or less (not logged in yet) counts as unknown.
    mutating func read(_ frame: BotFrame) -> Finding {
        switch frame {
        case .event(let event):
            guard selfID == nil, let found = event.selfID, found.number > 0 else { return .none }
            selfID = found
            return .learnt(found)
        case .response(let response):
            guard hasAsked, let echo = response.echo,
                String(buffer: echo).utf8.elementsEqual("\"\(Self.echo)\"".utf8)
            else { return .none }
            guard selfID == nil, let found = Self.user(in: response), found.number > 0 else {
                return .answerToUs(nil)
            }
            selfID = found
            return .answerToUs(found)
        case .unreadable, .unknown:
            return .none
        }
    }

    /// `data.user_id`, a number or (some implementations) its digits as a string.
    private static func user(in response: BotResponse) -> SelfID? {
        guard let user = response.json["data"]?.object?["user_id"] else { return nil }
        return user.int64.map { SelfID($0) } ?? user.string.flatMap { SelfID(decimal: $0) }
    }
}
