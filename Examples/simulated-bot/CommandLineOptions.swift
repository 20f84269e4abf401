import OneBot

/// What the command line of `simulated-bot` asks for.
public enum CommandLineOptions: Sendable {
    case run(SimulatedBotConfiguration)
    case help
    /// What is wrong, and what to write instead.
    case mistake(String)

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - seed: taken where `--seed` is not given.
    public static func parse(_ arguments: [String], seed: UInt64) -> CommandLineOptions {
        var configuration = SimulatedBotConfiguration()
        configuration.seed = seed
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if flag == "--help" || flag == "-h" { return .help }
            if flag == "--no-listen" {
                configuration.port = nil
                continue
            }
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let set = setters[parts[0]] else { return .mistake("There is no option \(parts[0]): see --help.") }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                return .mistake("\(flag) needs a value: see --help.")
            }
            guard set(&configuration, value) else {
                return .mistake("\(parts[0]) cannot be \"\(value)\": see --help.")
            }
        }
        if configuration.port == nil && configuration.reverseTargets.isEmpty {
            return .mistake("With --no-listen somebody must be dialled: add --reverse URL.")
        }
        return .run(configuration)
    }

    /// The options that take a value.
    static var options: [String] { setters.keys.sorted() }

    /// Each sets one value; `false` if the text is not such a value.
    private static let setters: [String: @Sendable (inout SimulatedBotConfiguration, String) -> Bool] = [
        "--host": { configuration, text in
            configuration.host = text
            return !text.isEmpty
        },
        "--port": { configuration, text in
            guard let port = Int(text), (0...65535).contains(port) else { return false }
            configuration.port = port
            return true
        },
        "--self-id": { configuration, text in
            guard let selfID = SelfID(decimal: text) else { return false }
            configuration.selfID = selfID
            return true
        },
        "--rate": { configuration, text in
            guard let rate = EventRate(text) else { return false }
            configuration.rate = rate
            return true
        },
        "--count": { configuration, text in
            guard let count = Int(text), count >= 0 else { return false }
            configuration.count = count
            return true
        },
        "--access-token": { configuration, text in
            configuration.accessToken = text
            return !text.isEmpty
        },
        "--reverse": { $0.addReverse($1, .universal) },
        "--reverse-api": { $0.addReverse($1, .api) },
        "--reverse-event": { $0.addReverse($1, .event) },
        "--seed": { configuration, text in
            guard let seed = UInt64(text) else { return false }
            configuration.seed = seed
            return true
        },
        "--heartbeat": { configuration, text in
            guard let milliseconds = Int(text), (0...3_600_000).contains(milliseconds) else { return false }
            configuration.heartbeatInterval = .milliseconds(milliseconds)
            return true
        },
        "--misbehave": { configuration, text in configuration.misbehaviour.add(kind: text) },
    ]

    /// What `--help` prints.
    public static let usage = """
        simulated-bot: a OneBot 11 implementation with made-up events, to try things with.

        USAGE: simulated-bot [options]

          --host HOST            address to listen on (127.0.0.1)
          --port PORT            port to listen on, 0 for any free one (3001)
          --no-listen            do not listen, only dial
          --reverse URL          dial this server (ws://host:port/path); may be given several times
          --reverse-api URL      the same, for actions only
          --reverse-event URL    the same, for events only
          --self-id NUMBER       the account that is logged in (10001)
          --access-token TOKEN   asked of who connects, sent where the bot dials (none)
          --rate NUMBER|max      events per second while somebody listens, such as 0.2 or 100 (1)
          --count NUMBER         stop making up events after so many (never)
          --heartbeat MS         milliseconds between heartbeats, 0 for none (5000)
          --seed NUMBER          the same seed makes the same events (random)
          --misbehave KIND       \(Misbehaviour.kinds.joined(separator: ", "));
                                 may be given several times
          --help                 print this

        The action "simulate" switches a running bot; README.md lists what it takes. SIGTERM or SIGINT ends it.

        """
}

extension SimulatedBotConfiguration {
    fileprivate mutating func addReverse(_ url: String, _ role: ClientRole) -> Bool {
        guard url.hasPrefix("ws://") || url.hasPrefix("wss://") else { return false }
        reverseTargets.append(ReverseTarget(url: url, role: role))
        return true
    }
}
