public import OneBot
public import SimulatedBot
import Synchronization

/// A scripted bot for tests: sends only what it is told to, and answers only what it is scripted for.
///
/// Actions that Perpetua sends by itself (`get_login_info`, `get_status`, `get_version_info`) are answered as by a real
/// bot. Any other action that the script has no answer for is refused and recorded: ``withFakeBot(_:answering:_:)``
/// fails at the end if there was one.
public struct FakeBot: Sendable {
    /// The bot itself: `emit`, `nextAction`, `dropLinks`, `goAway`, ….
    public let bot: SimulatedBot
    private let unexpected: UnexpectedActions

    /// The actions that Perpetua sends without a client's asking.
    private static let expectedAlways: Set<String> = ["get_login_info", "get_status", "get_version_info"]

    /// Listens on a free port (or only dials, as configured). The caller stops it; ``withFakeBot(_:answering:_:)`` does
    /// so by itself.
    /// - Parameter script: the answer to an action; `nil`: it was not expected. The default expects everything a real
    ///   bot knows.
    public static func start(
        _ configuration: SimulatedBotConfiguration = .scripted,
        answering script: @escaping @Sendable (ReceivedAction) -> ScriptedAnswer? = { _ in .standard }
    ) async throws -> FakeBot {
        let unexpected = UnexpectedActions()
        let bot = try await SimulatedBot.start(configuration) { action in
            if let answer = script(action) { return answer }
            if expectedAlways.contains(action.name) { return .standard }
            unexpected.note(action.text)
            return .response(.failed(.notFound, "This fake bot was not scripted for \(action.name)."))
        }
        return FakeBot(bot: bot, unexpected: unexpected)
    }

    public var port: Int { bot.port }
    public var url: String { bot.url }
    public var selfID: SelfID { bot.selfID }

    /// Closes everything.
    /// - Throws: ``FakeBotError`` if there was an action nobody expected.
    public func stop() async throws {
        await bot.stop()
        let actions = unexpected.all
        if !actions.isEmpty { throw FakeBotError(unexpected: actions) }
    }
}

/// Actions reached a fake bot that its script did not expect.
public struct FakeBotError: Error, CustomStringConvertible {
    /// Their frames.
    public let unexpected: [String]

    public var description: String { "the fake bot was asked what its test did not expect: \(unexpected)" }
}

/// Runs `body` with a fake bot that is stopped afterwards, whatever happens.
/// - Throws: what `body` throws; ``FakeBotError`` if there was an action nobody expected.
public func withFakeBot<Result>(
    _ configuration: SimulatedBotConfiguration = .scripted,
    answering script: @escaping @Sendable (ReceivedAction) -> ScriptedAnswer? = { _ in .standard },
    isolation: isolated (any Actor)? = #isolation, _ body: (FakeBot) async throws -> Result
) async throws -> Result {
    let bot = try await FakeBot.start(configuration, answering: script)
    let result: Result
    do {
        result = try await body(bot)
    } catch {
        // `try?`: the body's error says more than an error of stopping.
        try? await bot.stop()
        throw error
    }
    try await bot.stop()
    return result
}

/// Recorded on the bot's event loop, read by the test.
private final class UnexpectedActions: Sendable {
    private let frames = Mutex<[String]>([])

    func note(_ frame: String) {
        frames.withLock { $0.append(frame) }
    }

    var all: [String] { frames.withLock { $0 } }
}
