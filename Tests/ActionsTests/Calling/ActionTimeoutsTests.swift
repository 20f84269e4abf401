import SettingsReading
import Testing

@testable import Actions

@Suite struct ActionTimeoutsTests {
    private let timeouts = ActionTimeouts(
        standard: .seconds(60),
        byPattern: [
            (name: "upload_*", value: .seconds(600)), (name: "*_stream", value: .seconds(5)),
            (name: "get_*_info", value: .seconds(7)), (name: "exact", value: .seconds(9)),
            (name: "a*b*c", value: .seconds(11)),
        ])

    @Test(
        "the first pattern that matches decides",
        arguments: [
            ("upload_group_file", 600), ("upload_", 600), ("upload", 60), ("xupload_", 60), ("get_it_stream", 5),
            ("upload_file_stream", 600), ("_stream", 5), ("stream", 60), ("get_group_info", 7), ("get__info", 7),
            ("get_info", 60), ("exact", 9),
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

    @Test(
        "by default what moves files has half an hour, as bots give it, and the rest a minute",
        arguments: [
            ("upload_private_file", 1800), ("upload_file_stream", 1800), ("download_file", 1800),
            ("download_file_image_stream", 1800), ("test_download_stream", 1800), ("get_file", 1800),
            ("get_image", 1800), ("get_record", 1800), ("send_msg", 60), ("get_file_list", 60),
            ("get_group_file_url", 60), ("stream", 60),
        ])
    func defaults(action: String, seconds: Int) {
        let timeouts = ActionTimeouts(Settings())
        #expect(timeouts.timeout(of: action) == .seconds(seconds))
        let patience = ActionPatience(timeouts: timeouts, pacing: PacingConfiguration())
        for called in [action, action + "_async", action + "_rate_limited"] {
            #expect(patience.patience(for: called) == .seconds(seconds))
        }
    }
}
