import Foundation
import SettingsReading

/// Finds and reads the settings file, and puts the command line on top; again each time it is asked to.
struct LaunchSettings: Sendable {
    static let usualFile = "perpetua.yaml"

    /// The file that was asked for, by `--config` or the environment.
    private let file: String?
    private let environment: [String: String]
    private let flags: [(key: String, value: String)]

    /// - Throws: where a file is named and cannot be read, or the simulated bot is not there.
    init(_ arguments: LaunchArguments, environment: [String: String]) throws(LaunchFailure) {
        let file = arguments.configFile ?? environment["PERPETUA_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        self.file = file
        self.environment = environment
        var flags = arguments.flags
        if arguments.simulatesBot {
            let bot = try SimulatedBotLaunch.beside(executable: Self.ownExecutable())
            let settings = Settings(file: try Self.read(file), environment: environment, flags: flags)
            flags += bot.flags(afterEntries: settings.entries("bots"))
        }
        self.flags = flags
    }

    /// The settings as they are now.
    func load() throws(LaunchFailure) -> Settings {
        Settings(file: try Self.read(file), environment: environment, flags: flags)
    }

    static func load(
        _ arguments: LaunchArguments, environment: [String: String]
    ) throws(LaunchFailure) -> Settings {
        try LaunchSettings(arguments, environment: environment).load()
    }

    /// - Parameter named: a file that was asked for and must exist; `nil`: the usual one, if there is one.
    private static func read(_ named: String?) throws(LaunchFailure) -> (name: String, yaml: String)? {
        let path = named ?? usualFile
        guard named != nil || FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard let yaml = String(validating: data, as: UTF8.self) else { throw LaunchFailure.noText(path) }
            return (URL(filePath: path).lastPathComponent, yaml)
        } catch let failure as LaunchFailure {
            throw failure
        } catch {
            throw .unreadable(path, reason: error.localizedDescription)
        }
    }

    private static func ownExecutable() -> String {
        // `try?`: where there is no /proc, the program's name has to do.
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
