import SettingsReading
import Testing

@testable import Actions

@Suite struct ActionTimeoutsTests {
    private let timeouts = ActionTimeouts(
        standard: .seconds(60),
        byPattern: [
            (name: "upload_*", value: .seconds(600)), (name: "*_async", value: .seconds(5)),
            (name: "get_*_info", value: .seconds(7)), (name: "exact", value: .seconds(9)),
            (name: "a*b*c", value: .seconds(11)),
        ])

    @Test(
        "the first pattern that matches decides",
        arguments: [
            ("upload_group_file", 600), ("upload_", 600), ("upload", 60), ("xupload_", 60), ("send_msg_async", 5),
            ("upload_file_async", 600), ("get_group_info", 7), ("get__info", 7), ("get_info", 60), ("exact", 9),
            ("exactly", 60), ("abc", 11), ("aXbYbZc", 11), ("abcd", 60), ("acb", 60), ("", 60), ("Upload_x", 60),
        ])
    func pattern(_ action: String, _ seconds: Int) {
        #expect(timeouts.timeout(of: action) == .seconds(seconds))
    }

    @Test("a star alone is every action")
    func star() {
        let timeouts = ActionTimeouts(standard: .seconds(60), byPattern: [(name: "*", value: .seconds(1))])
        #expect(timeouts.timeout(of: "") == .seconds(1))
        #expect(timeouts.timeout(of: "anything") == .seconds(1))
    }

    @Test("by default uploads have ten minutes and the rest one")
    func defaults() {
        let timeouts = ActionTimeouts(Settings())
        #expect(timeouts.timeout(of: "upload_private_file") == .seconds(600))
        #expect(timeouts.timeout(of: "send_msg") == .seconds(60))
    }
}
