"""What each disturbance of a run cost, by the same logs as check.py; judges nothing.

    python3 Tests/Ledger/figures.py FOLDER

silence    the longest that a client whose edge lived waited for its next event
lost       events that came to nobody (the bot sent them, and no client got them)
no link    from the end of the bot's link to the next one
slowest    the answer that took longest, of what was asked meanwhile
failed     actions that were answered `failed`, of those asked meanwhile
"""
import sys

from records import Run


def spans(run):
    """(disturbance, from, until): up to the next one."""
    begins = [one.begin for one in run.disturbances[1:]] + [run.stopped]
    return [(one, one.begin, until) for one, until in zip(run.disturbances, begins)]


def silence(run, one, begin, until):
    longest = 0
    for session in run.sessions:
        if session.edge == one.whom or session.closed is not None and session.closed < until:
            continue
        times = [item[3] for item in session.items if item[0] == "events"]
        # A line of events is written when it ends, after a second at the latest, so the figures are only that precise.
        for before, after in zip(times, times[1:]):
            if before < until and after > begin:
                longest = max(longest, after - before)
    return longest


def got_by_anybody(run):
    got = set()
    for session in run.sessions:
        for item in session.items:
            if item[0] == "events":
                got.update(range(item[1], item[2] + 1))
    return got


def no_link(run, begin, until):
    ups = sorted(link.up for link in run.links.values())
    for link in run.links.values():
        if link.down is not None and begin <= link.down < until:
            following = [up for up in ups if up > link.down]
            between = [up for up in ups if begin < up <= link.down]
            if between:
                return f"{between[0] - begin:.1f} s after the cut, another"
            return f"{following[0] - link.down:.1f} s" if following else "none came"
    return "-"


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    run = Run(sys.argv[1])
    got = got_by_anybody(run)
    print(f"{'':14}{'silence':>9}{'lost':>7}  {'no link':30}{'slowest':>9}{'failed':>14}")
    for one, begin, until in spans(run):
        lost = sum(1 for number, (time, _) in run.sent.items() if begin - 2 <= time < until - 2 and number not in got)
        calls = [call for call in run.calls.values() if begin <= call.time < until and call.answers]
        slowest = max((call.answers[0][0] - call.time for call in calls), default=0)
        failed = sum(1 for call in calls if call.answers[0][1] not in ("0", "1409"))
        print(f"{one.kind + ' ' + one.whom:14}{silence(run, one, begin, until):7.1f} s{lost:7}  "
              f"{no_link(run, begin, until):30}{slowest:7.1f} s{failed:6} of {len(calls):4}")


if __name__ == "__main__":
    main()
