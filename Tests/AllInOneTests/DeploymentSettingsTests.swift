import SettingsReading
import Testing

@testable import ServiceRuntime

@Suite("Processes that share one configuration")
struct DeploymentSettingsTests {
    @Test("the list of what only some processes read is true")
    func list() {
        let read = DeployedProcesses.allCases.map { Set($0.definitions.map(\.key)) }
        let all: Set<String> = read.reduce([]) { $0.union($1) }
        let common = read.reduce(all) { $0.intersection($1) }
        #expect(all.subtracting(common).subtracting(DeploymentSettings.keys).sorted() == [], "read, and not listed")
        #expect(DeploymentSettings.keys.subtracting(all).sorted() == [], "listed, and read by none")
        let secrets = DeployedProcesses.allCases.flatMap(\.definitions).filter(\.isSecret).map(\.key)
        #expect(Set(secrets).subtracting(common) == DeploymentSettings.secrets)
    }

    @Test(
        "no two processes read one setting as different things, but for the bus and what an edge is called by default")
    func agreement() {
        var seen: [String: Settings.Definition] = [:]
        for definition in DeployedProcesses.allCases.flatMap(\.definitions)
        where !["bus", "edge.id"].contains(definition.key) {
            #expect(seen[definition.key, default: definition] == definition)
            seen[definition.key] = definition
        }
    }

    @Test("what belongs to another process is no mistake", arguments: DeployedProcesses.allCases)
    func foreign(process: DeployedProcesses) throws {
        let file = """
            access_token: secret
            action_timeouts: {"upload_*": 10m}
            bots:
              - url: ws://127.0.0.1:3001/
                command: [java, -jar, bot.jar]
            edge: {id: e1, port_range: 8100-8199}
            api.port: 0
            registry.database: ":memory:"
            console.events: true
            """
        let environment = [
            "PERPETUA_BOTS_0_ACCESS_TOKEN": "t", "PERPETUA_API_HOST": "0.0.0.0", "PERPETUA_EDGE_HOST": "0.0.0.0",
            "PERPETUA_REGISTRY_LEASE": "20s",
        ]
        #expect(try process.problems(with: Settings(file: ("p.yaml", file), environment: environment)) == [])
    }

    @Test("a secret of another process may come from a file that is not there here")
    func secretFile() throws {
        let environment = [
            "PERPETUA_ACCESS_TOKEN_FILE": "/nowhere", "PERPETUA_BOTS_0_ACCESS_TOKEN_FILE": "/nowhere",
        ]
        #expect(try DeployedProcesses.registry.problems(with: Settings(environment: environment)) == [])
    }

    @Test(
        "a misspelt key is a mistake in every process, and the right one is named",
        arguments: DeployedProcesses.allCases)
    func misspelt(process: DeployedProcesses) throws {
        let file = "api.prot: 1\nbots:\n  - {url: ws://127.0.0.1:1/, acces_token: x}\n"
        let problems = try process.problems(with: Settings(file: ("p.yaml", file)))
        #expect(problems.count == 2)
        #expect(problems.contains { $0.contains("api.prot") && $0.contains("Did you mean api.port?") })
        #expect(problems.contains { $0.contains("bots[0].acces_token") })
    }

    @Test("a bus in memory is a mistake where the services are elsewhere", arguments: DeployedProcesses.allCases)
    func memory(process: DeployedProcesses) throws {
        let problems = try process.problems(with: Settings(file: ("p.yaml", "bus: memory")))
        switch process {
        case .allInOne: #expect(problems == [])
        case .edge, .registry, .gateway:
            #expect(problems.count == 1)
            #expect(problems.first?.contains("Set bus: amqp and amqp.url, or run perpetua") == true)
        }
    }

    @Test("help offers bots where they are served")
    func help() {
        for process in DeployedProcesses.allCases {
            let text = HelpText(name: process.rawValue, definitions: process.definitions).text
            #expect(text.contains("--simulated-bot") == (process == .allInOne || process == .edge))
            #expect(text.contains("  --check "))
            #expect(text.contains("Usage: \(process.rawValue) "))
        }
    }
}
