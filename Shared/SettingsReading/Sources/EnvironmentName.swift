/// The name of a setting in the environment.
enum EnvironmentName {
    static let prefix = "PERPETUA_"

    /// Variables that are not settings: they control the scripts `run` and `test`, and name the file to read.
    static let notSettings: Set<String> = ["PERPETUA_CONFIG", "PERPETUA_VENV", "PERPETUA_BUILD"]

    /// `bots[0].access_token` is `PERPETUA_BOTS_0_ACCESS_TOKEN`.
    static func of(_ key: String) -> String {
        var name = prefix
        for character in key {
            switch character {
            case ".", "[": name.append("_")
            case "]": break
            default: name.append(character.uppercased())
            }
        }
        return name
    }

    /// Whether Kubernetes (or Docker's old links) set it because a service is called `perpetua…`: it looks like one of
    /// our settings (`PERPETUA_API_PORT=tcp://10.0.0.7:8080`) but is not.
    static func isServiceLink(_ name: String, _ value: String) -> Bool {
        value.hasPrefix("tcp://") || value.hasPrefix("udp://") || name.hasSuffix("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT") || name.contains("_TCP_") || name.contains("_UDP_")
    }
}
