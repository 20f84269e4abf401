/// What the command line asks for.
public struct LaunchArguments: Sendable {
    public enum Mode: Sendable, Hashable { case run, check, help, version }

    public private(set) var mode = Mode.run
    /// `--simulated-bot`: run a simulated bot beside us and connect to it.
    public private(set) var simulatesBot = false
    /// Whether `--bot` or `--simulated-bot` is there, which only a process with an edge understands.
    var namesBots: Bool { simulatesBot || bots > 0 }
    private var bots = 0
    /// `--config`: the settings file.
    private(set) var configFile: String?
    /// `--key value` and `--key=value`, as given; `--bot URL` is `bots[0].url`, a second one `bots[1].url`.
    private(set) var flags: [(key: String, value: String)] = []
    /// Arguments that make no sense, as sentences.
    private(set) var problems: [String] = []

    /// - Parameter arguments: without the program's name.
    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h": mode = .help
            case "--version": mode = mode == .help ? .help : .version
            case "--check": mode = mode == .run ? .check : mode
            case "--simulated-bot": simulatesBot = true
            default:
                guard let (key, value) = Self.setting(argument, &rest) else {
                    problems.append(Self.complaint(about: argument))
                    continue
                }
                switch key {
                case "config": configFile = value
                case "bot":
                    flags.append(("bots[\(bots)].url", value))
                    bots += 1
                default: flags.append((key, value))
                }
            }
        }
    }

    private static func setting(_ argument: String, _ rest: inout ArraySlice<String>) -> (key: String, value: String)? {
        guard argument.hasPrefix("--"), argument.count > 2 else { return nil }
        let body = argument.dropFirst(2)
        if let equals = body.firstIndex(of: "=") {
            let key = body[..<equals]
            return key.isEmpty ? nil : (String(key), String(body[body.index(after: equals)...]))
        }
        guard let value = rest.first, !value.hasPrefix("--") else { return nil }
        rest.removeFirst()
        return (String(body), value)
    }

    private static func complaint(about argument: String) -> String {
        if argument.hasPrefix("--"), argument.count > 2, !argument.hasPrefix("--=") {
            return "\(argument): A value is missing. Write \(argument) VALUE, or see --help for what there is."
        }
        // A word without a flag may be a secret whose flag was forgotten, so the sentence does not repeat it.
        return "An argument belongs to no setting. Write settings as --key value; see --help for what there is."
    }
}
