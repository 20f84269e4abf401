import SettingsReading
import Testing

@testable import AMQP

@Suite("AMQPAddress")
struct AMQPAddressTests {
    @Test("host, port, virtual host and login are read from the URL, percent-decoded")
    func parts() throws {
        let address = try #require(AMQPAddress("amqp://us%40er:p%3Aw@broker.example:1234/a%2Fb"))
        #expect(address.host == "broker.example" && address.port == 1234 && !address.usesTLS)
        #expect(address.virtualHost == "a/b" && address.username == "us@er" && address.password == "p:w")
        #expect("\(address)" == "broker.example:1234", "nothing secret is shown")
    }

    @Test(
        "ports and the virtual host have defaults",
        arguments: [("amqp://h", 5672), ("amqps://h/", 5671), ("amqp://h/%2F", 5672), ("AMQP://[::1]:5672", 5672)])
    func defaults(url: String, port: Int) throws {
        let address = try #require(AMQPAddress(url))
        #expect(address.port == port && address.virtualHost == "/")
        #expect(!address.host.contains("["))
    }

    @Test(
        "what is no broker's address is none",
        arguments: [
            "", "h:5672", "http://h", "amqp://", "amqp://h/a/b", "amqp://h:0", "amqp://h:99999", "amqp://h?x=1",
        ])
    func nonsense(url: String) { #expect(AMQPAddress(url) == nil) }

    @Test("name and password of the settings outweigh the URL's; none at all is guest")
    func login() throws {
        let address = try #require(AMQPAddress("amqp://u:p@h"))
        var configuration = AMQPConfiguration([address])
        #expect(configuration.login(at: address) == .plain(username: "u", password: "p"))
        configuration.password = "s"
        #expect(configuration.login(at: address) == .plain(username: "u", password: "s"))
        let plain = try #require(AMQPAddress("amqp://h"))
        #expect(AMQPConfiguration([plain]).login(at: plain) == .plain(username: "guest", password: "guest"))
    }

    @Test("EXTERNAL needs a certificate, and a certificate its key: both are said")
    func external() {
        let settings = Settings(flags: [(key: "amqp.login", value: "external"), (key: "amqp.tls_key_file", value: "k")])
        _ = AMQPConfiguration(settings)
        #expect(Set(settings.problems.map(\.key)) == ["amqp.login", "amqp.tls_certificate_file"])
    }
}
