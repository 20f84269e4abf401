import SettingsReading

/// What `--help` prints.
struct HelpText {
    let name: String
    let definitions: [Settings.Definition]

    var text: String {
        """
        \(name == "perpetua" ? name : "\(name) is a part of Perpetua, which") puts OneBot 11 bots at the disposal of many programs.

        Usage: \(name) [options] [--key value]…

          --config FILE      read settings from this YAML file
                             (else from $PERPETUA_CONFIG, else from perpetua.yaml where it exists)
        \(Self.botOptions(definitions))  --check            check all settings, print them with where each comes from, and end
          --help, --version

        Every setting can be given as a flag (--api.port 8080), in the environment (PERPETUA_API_PORT=8080)
        or in the file (api: {port: 8080}); a flag outweighs the environment, and that the file.
        docs/configuration.md explains each of them.

        \(Self.table(definitions))
        """
    }

    /// Whether such a process serves bots, so that `--bot` and `--simulated-bot` make sense.
    static func servesBots(_ definitions: [Settings.Definition]) -> Bool {
        definitions.contains { $0.key == "bots[].url" }
    }

    private static func botOptions(_ definitions: [Settings.Definition]) -> String {
        guard servesBots(definitions) else { return "" }
        return """
              --bot URL          connect to a bot's WebSocket server: short for --bots[0].url URL
              --simulated-bot    run a simulated bot to try things with

            """
    }

    /// One line per setting: key, type, default, range.
    private static func table(_ definitions: [Settings.Definition]) -> String {
        let rows =
            [["Setting", "Type", "Default", "Range"]]
            + definitions.map { [$0.key, $0.type, $0.defaultValue.isEmpty ? "–" : $0.defaultValue, $0.range] }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
            let line = "  " + (cells + [row[3]]).joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }
}
