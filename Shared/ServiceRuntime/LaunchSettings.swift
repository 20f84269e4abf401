import Foundation
import SettingsReading

/// Finds and reads the settings file, and puts the command line on top.
enum LaunchSettings {
    static let usualFile = "perpetua.yaml"

    /// - Throws: where a file is named and cannot be read, or the simulated bot is not there.
    static func load(
        _ arguments: LaunchArguments, environment: [String: String]
    ) throws(LaunchFailure) -> Settings {
        let named = arguments.configFile ?? environment["PERPETUA_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let file = try read(named)
        let settings = Settings(file: file, environment: environment, flags: arguments.flags)
        guard arguments.simulatesBot else { return settings }
        let bot = try SimulatedBotLaunch.beside(executable: ownExecutable())
        let flags = bot.flags(afterEntries: settings.entries("bots"))
        return Settings(file: file, environment: environment, flags: arguments.flags + flags)
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
        // `try?`: where there is no /proc, the program's name says it.
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
