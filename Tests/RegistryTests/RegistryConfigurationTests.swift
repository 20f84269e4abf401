import Contracts
import Registry
import SettingsReading
import Testing

@Suite struct RegistryConfigurationTests {
    @Test("without settings it works in the folder it was started in")
    func defaults() {
        let settings = Settings()
        let configuration = RegistryConfiguration(settings)
        #expect(configuration.database == "data/registry.sqlite")
        #expect(configuration.lease == .seconds(15))
        #expect(configuration.portExpiry == .seconds(15))
        #expect(configuration.portRange == nil)
        #expect(configuration.portMode == .leased)
        #expect(settings.problems.isEmpty)
    }

    @Test("settings are read")
    func values() {
        let settings = Settings(environment: [
            "PERPETUA_REGISTRY_DATABASE": ":memory:", "PERPETUA_REGISTRY_LEASE": "30s",
            "PERPETUA_REGISTRY_PORT_EXPIRY": "5s", "PERPETUA_EDGE_PORT_RANGE": "8100-8199",
            "PERPETUA_EDGE_PORT_MODE": "shared", "PERPETUA_AMQP_PREFIX": "mine",
        ])
        let configuration = RegistryConfiguration(settings)
        #expect(configuration.database == ":memory:")
        #expect(configuration.lease == .seconds(30))
        #expect(configuration.portExpiry == .seconds(5))
        #expect(configuration.portRange == 8100...8199)
        #expect(configuration.portMode == .shared)
        #expect(configuration.exchanges.prefix == "mine")
        #expect(settings.problems.isEmpty)
    }

    @Test(
        "a range that is none is reported with its key",
        arguments: ["8100", "8199-8100", "a-b", "0-5", "8100-70000", "8100-8199-8300", "-"])
    func badRange(_ range: String) {
        let settings = Settings(environment: ["PERPETUA_EDGE_PORT_RANGE": range])
        #expect(RegistryConfiguration(settings).portRange == nil)
        #expect(settings.problems.map(\.key) == ["edge.port_range"])
    }
}
