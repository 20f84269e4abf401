import Testing

@testable import SettingsReading

@Suite("Durations and sizes as text")
struct DurationTextTests {
    @Test(
        "what is written is read back",
        arguments: [
            ("500ms", 500), ("1s", 1000), ("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000), ("0s", 0),
            ("1001ms", 1001),
        ])
    func roundTrip(text: String, milliseconds: Int64) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.write(.milliseconds(milliseconds)) == text)
    }

    @Test("a bare number counts in milliseconds, blanks do not count")
    func bare() {
        #expect(DurationText.parse("250") == .milliseconds(250))
        #expect(DurationText.parse(" 10 s ") == .seconds(10))
    }

    @Test(
        "what is no duration is refused",
        arguments: ["", "s", "-1s", "1.5s", "1S", "1d", "１s", "9223372036854775807h", "1 s s"])
    func refused(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "sizes are read back",
        arguments: [("1", 1), ("64KiB", 65536), ("16MiB", 16 << 20), ("1GiB", 1 << 30), ("1025", 1025)])
    func sizes(text: String, bytes: Int) {
        #expect(ByteCountText.parse(text) == bytes)
        #expect(ByteCountText.write(bytes) == text)
    }

    @Test(
        "what is no size is refused", arguments: ["", "KiB", "-1", "1.5MiB", "1MB", "1mib", "9223372036854775807GiB"])
    func noSizes(text: String) {
        #expect(ByteCountText.parse(text) == nil)
    }
}
