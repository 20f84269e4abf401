import OneBot
import SettingsReading
import Testing

@testable import Actions

@Suite("PacingConfiguration")
struct PacingConfigurationTests {
    private func read(_ flags: (key: String, value: String)...) -> (PacingConfiguration, [Settings.Problem]) {
        let settings = Settings(flags: flags)
        let configuration = PacingConfiguration(settings)
        return (configuration, settings.problems)
    }

    @Test(
        "a rate is a number and a unit",
        arguments: [("20/s", 50_000_000), ("60/min", 1_000_000_000), ("3/h", 1200_000_000_000), ("3/s", 333_333_334)])
    func rate(text: String, nanoseconds: Int64) throws {
        let rate = try #require(PacingRate(text))
        #expect(rate.interval == .nanoseconds(nanoseconds))
        #expect("\(rate)" == text)
    }

    @Test(
        "what is no rate is reported with its key",
        arguments: [
            "20", "0/s", "-1/s", "1.5/s", "/s", "20/", "20/day", "20/s/s", "100001/s", " 20/s", "20 /s",
            "99999999999999999999/s",
        ])
    func mistakes(text: String) {
        #expect(PacingRate(text) == nil)
        let (configuration, problems) = read(("pacing.chat", text))
        #expect(!configuration.isOn)
        #expect(problems.map(\.key) == ["pacing.chat"])
    }

    @Test("without a rate nothing is paced")
    func off() {
        #expect(!PacingConfiguration().paces(ActionName("send_msg_rate_limited")))
        #expect(!PacingConfiguration().isOn)
    }

    @Test(
        "what makes a bot speak is paced, with OneBot's suffixes too",
        arguments: [
            ("send_msg", true), ("send_private_msg", true), ("send_group_forward_msg", true), ("send_msg_async", true),
            ("send_group_msg_rate_limited", true), (".handle_quick_operation", true),
            (".handle_quick_operation_async", true), ("forward_group_single_msg", true), ("get_status", false),
            ("delete_msg", false), ("resend_msg", false), ("_async", false), ("", false),
            (".handle_quick_operation_later", false), ("get_status_async", false),
            ("get_status_rate_limited", true),
        ])
    func actions(name: String, isPaced: Bool) {
        let (configuration, problems) = read(("pacing.bot", "20/s"))
        #expect(problems.isEmpty)
        #expect(configuration.paces(ActionName(name)) == isPaced)
    }

    @Test("the patterns can be replaced")
    func patterns() {
        let (configuration, _) = read(("pacing.chat", "1/s"), ("pacing.actions", "set_group_kick poke_*"))
        #expect(configuration.paces(ActionName("set_group_kick_async")))
        #expect(configuration.paces(ActionName("poke_")))
        #expect(!configuration.paces(ActionName("send_msg")))
    }

    @Test("a caller is as patient as the action's time and its wait together, where it is paced")
    func patience() {
        let (pacing, _) = read(("pacing.bot", "20/s"), ("pacing.max_wait", "90s"))
        let timeouts = ActionTimeouts(standard: .seconds(10), byPattern: [(name: "send_l*", value: .seconds(20))])
        let patience = ActionPatience(timeouts: timeouts, pacing: pacing)
        #expect(patience.patience(for: "send_msg") == .seconds(100))
        #expect(patience.patience(for: "send_like") == .seconds(110))
        #expect(patience.patience(for: "get_status") == .seconds(10))
        #expect(patience.patience(for: "send_like_async") == .seconds(110))
        #expect(patience.patience(for: "get_status_rate_limited") == .seconds(100))
        let off = ActionPatience(timeouts: timeouts, pacing: PacingConfiguration())
        #expect(off.patience(for: "send_msg") == .seconds(10))
    }
}
