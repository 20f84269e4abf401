import Testing

@testable import OneBot

@Suite("ClientName")
struct ClientNameTests {
    @Test(
        "a name is 1 to 256 scalars of anything visible",
        arguments: ["a", " a ", "名字", "\u{1F600}", "\u{200B}", "a\u{A0}"])
    func names(_ text: String) throws {
        #expect(try ClientName(text).text == text)
    }

    @Test(
        "anything else is no name",
        arguments: [
            ("", .empty), (" ", .blank), ("\u{3000}\u{A0} ", .blank), ("a\n", .controlCharacter),
            ("\t", .controlCharacter),
            ("\u{7F}", .controlCharacter), ("a\u{85}", .controlCharacter), ("\u{0}", .controlCharacter),
        ] as [(String, ClientName.Problem)])
    func problems(_ text: String, _ problem: ClientName.Problem) {
        #expect(throws: problem) { try ClientName(text) }
    }

    @Test("the length is counted in Unicode scalars")
    func length() throws {
        #expect(try ClientName(String(repeating: "\u{1F600}", count: 256)).text.unicodeScalars.count == 256)
        #expect(throws: ClientName.Problem.tooLong(scalars: 257)) { try ClientName(String(repeating: "a", count: 257)) }
        // One character to a reader, but two scalars.
        #expect(throws: ClientName.Problem.tooLong(scalars: 258)) {
            try ClientName(String(repeating: "e\u{301}", count: 129))
        }
    }

    @Test("names are the same if their bytes are")
    func equality() throws {
        #expect(try ClientName("\u{E9}") != ClientName("e\u{301}"))
        #expect(try ClientName("a") == ClientName("a"))
        #expect(try Set([ClientName("\u{E9}"), ClientName("e\u{301}"), ClientName("\u{E9}")]).count == 2)
    }
}
