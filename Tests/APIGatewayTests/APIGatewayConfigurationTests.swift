import Actions
import SettingsReading
import Testing

@testable import APIGateway

@Suite struct APIGatewayConfigurationTests {
    @Test("without settings it listens on loopback, needs no token and believes no address from outside")
    func defaults() {
        let settings = Settings()
        let configuration = APIGatewayConfiguration(settings)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.port == 8080)
        #expect(configuration.tokens.value.isEmpty)
        #expect(!configuration.opensDiscovery)
        #expect(!configuration.requiresClientToken)
        #expect(!configuration.identifiesByAddress)
        #expect(configuration.onlineClientsShape == .clients)
        #expect(configuration.maxBodyBytes == 64 << 20)
        #expect(settings.problems.isEmpty)
    }

    @Test("every setting can be set by environment")
    func environment() {
        let settings = Settings(environment: [
            "PERPETUA_API_HOST": "0.0.0.0", "PERPETUA_API_PORT": "0", "PERPETUA_ACCESS_TOKEN": "s",
            "PERPETUA_API_OPEN_DISCOVERY": "true", "PERPETUA_API_ONLINE_CLIENTS_SHAPE": "array",
            "PERPETUA_API_REQUIRE_CLIENT_TOKEN": "true", "PERPETUA_API_IDENTIFY_BY_ADDRESS": "true",
            "PERPETUA_API_MAX_BODY_SIZE": "1MiB", "PERPETUA_API_DRAIN_TIME": "1s",
        ])
        let configuration = APIGatewayConfiguration(settings)
        #expect(configuration.host == "0.0.0.0")
        #expect(configuration.port == 0)
        #expect(configuration.tokens.value.verdict(authorization: "s", query: nil) == .accepted(.everything))
        #expect(configuration.opensDiscovery)
        #expect(configuration.requiresClientToken)
        #expect(configuration.identifiesByAddress)
        #expect(configuration.onlineClientsShape == .array)
        #expect(configuration.maxBodyBytes == 1 << 20)
        #expect(configuration.drainTime == .seconds(1))
        #expect(settings.problems.isEmpty, "\(settings.problems)")
    }
}
