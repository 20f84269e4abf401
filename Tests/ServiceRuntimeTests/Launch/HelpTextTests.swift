import SettingsReading
import Testing

@testable import ServiceRuntime

@Suite("--help")
struct HelpTextTests {
    @Test("it lists every setting, aligned, no longer than 120 columns")
    func table() {
        let settings = Settings.describing()
        _ = settings.int("api.port", default: 8080, in: 0...65535)
        _ = settings.secret("access_token")
        let text = HelpText(name: "perpetua", definitions: settings.definitions).text
        #expect(
            text.hasSuffix(
                """
                  Setting       Type    Default  Range
                  access_token  secret  –
                  api.port      number  8080     0…65535
                """))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
