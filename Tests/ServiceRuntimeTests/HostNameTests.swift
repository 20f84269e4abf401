import Testing

@testable import ServiceRuntime

@Suite("HostName")
struct HostNameTests {
    @Test(
        "a host's name becomes a word that an edge may be called",
        arguments: [
            ("edge-1", "edge-1"), ("a1b2c3d4e5f6", "a1b2c3d4e5f6"), ("host.example.org", "host"), ("", "host"),
            ("my host\u{fc}", "my-host-"), (String(repeating: "x", count: 60), String(repeating: "x", count: 48)),
        ])
    func words(name: String, word: String) { #expect(HostName.word(of: name) == word) }

    @Test("this machine has one") func own() { #expect(!HostName.asWord.isEmpty) }
}
