"""Shows that check.py passes a good run, and notices each kind of breach in it.

    python3 Tests/Ledger/test_check.py

The run, small and made up: edges e1 and e2 with two clients each, 100 events/s from second 0 to 50. At 10 s e1, which holds the
bot's link, is killed; at 12 s e2 dials the bot; at 13 s e1 is back, and its clients with it.
"""
import os
import re
import tempfile
import unittest
import unittest.mock

import check
from records import Run


def good_run():
    """{file: lines}"""
    bot, schedule, observer = ["0.000 up 1 40001"], [], []
    schedule += ["0.000 setting lease 10", "0.000 setting claim_grace 3", "0.000 setting action_timeout 10"]
    schedule += ["0.100 link 1 e1", "10.000 begin 1 kill e1", "12.100 link 2 e2", "13.000 end 1"]
    for second in range(50):
        if second == 10:
            bot.append("10.010 down 1 ended")
        if second == 12:
            bot.append("12.000 up 2 40002")
        link = "1" if second < 10 else "-" if second < 12 else "2"
        bot.append(f"{second + 0.9:.3f} sent {second * 100 + 1} {second * 100 + 100} {link}")
    bot += ["20.000 action c0-1 2", "20.100 action h-1 2", "50.000 end 5000"]
    # Events 951 to 1000 were read by e1 but not published; 1001 to 1200 came while there was no link.
    survivor = ["0.500 events 1 950", "12.950 gap null", "49.000 events 1201 5000"]
    files = {
        "client-00.log": [
            "0.100 open 1 e1 a0", "9.000 events 1 950", "10.010 closed 1 ended", "13.500 open 2 e1 a4",
            "13.600 status a4 online", "19.000 events 1400 1900", "20.000 call c0-1 send_group_msg -",
            "20.010 answer c0-1 0", "49.000 events 1901 5000", "60.000 stop"],
        "client-01.log": [
            "0.100 open 1 e2 a1", *survivor[:1], "1.000 call c1-1 set_client_name shared", "1.010 answer c1-1 0",
            "9.000 status a0 online", "11.000 status a0 offline", "11.000 status a2 offline", *survivor[1:2],
            "13.600 status a4 online", "13.600 status a5 online", survivor[2], "60.000 stop"],
        "client-02.log": [
            "0.100 open 1 e1 a2", "9.000 events 1 950", "10.010 closed 1 ended", "13.500 open 2 e1 a5",
            "49.000 events 1400 5000", "60.000 stop"],
        "client-03.log": [
            "0.100 open 1 e2 a3", *survivor[:1], "2.000 call c3-1 set_client_name shared", "2.010 answer c3-1 1409",
            "11.000 status a0 offline", "11.000 status a2 offline", *survivor[1:], "60.000 stop"],
    }
    for second in range(1, 60):
        listed = "a0 a1 a2 a3" if second < 20 else "a1 a3 a4 a5"
        observer.append(f"{second}.000 list 0 {listed}")
        if second == 20:
            observer += ["20.050 call h-1 send_group_msg -", "20.150 answer h-1 0"]
    observer.append("60.000 stop")
    return files | {"bot.log": bot, "schedule.log": schedule, "observer.log": observer}


class CheckTests(unittest.TestCase):
    def breaches(self, file=None, line=None, becomes=()):
        """The promises broken (by function name) once `line` of `file` has become other lines."""
        files = good_run()
        if file:
            self.assertIn(line, files[file])
            index = files[file].index(line)
            files[file][index:index + 1] = becomes
        with tempfile.TemporaryDirectory() as folder:
            for name, lines in files.items():
                with open(os.path.join(folder, name), "w") as log:
                    log.write("".join(text + "\n" for text in lines))
            run = Run(folder)
        if check.substance(run)[1]:
            return {"substance"}
        return {promise.__name__ for promise in check.PROMISES if promise(run)[1]}

    def expect(self, broken, file, line, *becomes):
        self.assertEqual(self.breaches(file, line, becomes), broken)

    def test_a_good_run_passes(self):
        self.assertEqual(self.breaches(), set())

    def test_an_event_dropped(self):
        self.expect({"completeness", "declaration"}, "client-01.log", "49.000 events 1201 5000",
                    "49.000 events 1201 2999", "49.000 events 3001 5000")

    def test_an_event_dropped_and_declared_though_its_link_lived(self):
        self.expect({"completeness"}, "client-01.log", "49.000 events 1201 5000",
                    "49.000 events 1201 2999", "49.000 gap 1", "49.000 events 3001 5000")

    def test_the_last_event_dropped(self):
        self.expect({"completeness"}, "client-01.log", "49.000 events 1201 5000", "49.000 events 1201 4999")

    def test_no_event_after_a_restart(self):
        self.expect({"completeness"}, "client-02.log", "49.000 events 1400 5000")

    def test_an_event_doubled(self):
        self.expect({"order"}, "client-03.log", "49.000 events 1201 5000",
                    "49.000 events 1201 3000", "49.000 events 3000 5000")

    def test_two_events_swapped(self):
        self.assertIn("order", self.breaches("client-03.log", "49.000 events 1201 5000", [
            "49.000 events 1201 2999", "49.000 events 3001 3001", "49.000 events 3000 3000",
            "49.000 events 3002 5000"]))

    def test_an_old_event_after_a_new_link(self):
        self.assertIn("order", self.breaches("client-03.log", "49.000 events 1201 5000", [
            "49.000 events 1201 3000", "49.000 events 951 952", "49.000 events 3001 5000"]))

    def test_a_loss_that_nobody_declares(self):
        self.expect({"declaration"}, "client-01.log", "12.950 gap null")

    def test_a_gap_where_nothing_is_missing(self):
        self.expect({"declaration"}, "client-01.log", "49.000 events 1201 5000",
                    "49.000 events 1201 2999", "49.000 gap 3", "49.000 events 3000 5000")

    def test_a_loss_with_a_link_that_was_cut_off_for_a_moment_only(self):
        self.assertIn("completeness", self.breaches("schedule.log", "10.000 begin 1 kill e1", ["12.000 begin 1 cut e1"]))

    def test_a_loss_long_before_the_holder_died(self):
        self.expect({"completeness"}, "client-01.log", "0.500 events 1 950", "0.500 events 1 500")

    def test_an_action_unanswered(self):
        self.expect({"answers"}, "client-01.log", "1.010 answer c1-1 0")

    def test_an_action_answered_twice(self):
        self.expect({"answers"}, "client-00.log", "20.010 answer c0-1 0", "20.010 answer c0-1 0", "20.020 answer c0-1 0")

    def test_an_action_answered_too_late(self):
        self.expect({"answers"}, "client-00.log", "49.000 events 1901 5000",
                    "21.000 call c0-2 send_group_msg -", "45.000 answer c0-2 1504", "49.000 events 1901 5000")

    def test_an_http_action_without_an_answer(self):
        self.expect({"answers"}, "observer.log", "20.150 answer h-1 0", "20.150 answer h-1 broken")

    def test_an_action_carried_out_twice(self):
        self.expect({"once"}, "bot.log", "20.000 action c0-1 2", "20.000 action c0-1 2", "20.500 action c0-1 2")

    def test_an_action_answered_ok_that_the_bot_never_got(self):
        self.expect({"once"}, "bot.log", "20.100 action h-1 2")

    def test_a_name_given_twice(self):
        self.expect({"names"}, "client-03.log", "2.010 answer c3-1 1409", "2.010 answer c3-1 0")

    def test_a_ghost_in_the_list(self):
        self.expect({"presence"}, "observer.log", "40.000 list 0 a1 a3 a4 a5", "40.000 list 0 a0 a1 a3 a4 a5")

    def test_a_client_missing_in_the_list(self):
        self.expect({"presence"}, "observer.log", "40.000 list 0 a1 a3 a4 a5", "40.000 list 0 a1 a3 a4")

    def test_no_list_in_time(self):
        files = good_run()
        late = [line for line in files["observer.log"] if re.match(r"(1[3-9]|2[0-8])\.000 list", line)]
        self.assertEqual(len(late), 16)
        with unittest.mock.patch(f"{__name__}.good_run", lambda: files | {
                "observer.log": [line for line in files["observer.log"] if line not in late]}):
            self.assertEqual(self.breaches(), {"presence"})

    def test_offline_twice(self):
        self.expect({"statuses"}, "client-01.log", "11.000 status a0 offline",
                    "11.000 status a0 offline", "11.500 status a0 offline")

    def test_offline_never(self):
        self.expect({"statuses"}, "client-03.log", "11.000 status a2 offline")

    def test_offline_of_a_client_that_lives(self):
        self.expect({"statuses"}, "client-03.log", "11.000 status a2 offline",
                    "11.000 status a2 offline", "14.000 status a1 offline")

    def test_a_connection_that_ended_without_its_edge(self):
        self.assertIn("endings", self.breaches("client-02.log", "49.000 events 1400 5000", [
            "30.000 events 1400 2900", "30.000 closed 2 1013_too_slow"]))

    def test_a_bot_whose_log_is_cut_short(self):
        self.expect({"substance"}, "bot.log", "50.000 end 5000")

    def test_a_disturbance_without_an_end(self):
        self.expect({"substance"}, "schedule.log", "13.000 end 1")

    def test_an_event_that_was_never_sent(self):
        self.expect({"order"}, "client-01.log", "49.000 events 1201 5000", "49.000 events 1201 5001")


if __name__ == "__main__":
    unittest.main()
