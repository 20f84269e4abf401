"""Judges a run of the ledger by what the bot and the clients wrote down, and by when what was killed or cut. Reads nothing else.

    python3 Tests/Ledger/check.py FOLDER

Prints a line for each promise, and each breach; ends with 1 if there is one. It is shown to notice breaches by test_check.py.
"""
import sys

from records import Run

# An event may be lost with its holder if it reached the link at most this long (in seconds) before: it was read, but
# not published yet.
IN_FLIGHT = 2
# A holder that was cut off gives up its link when it learns that another has the claim, at most this long after it is
# back.
LEARNS = 30
# The time between a fact and its line in a log.
SLACK = 1.5
# A client that lives less than a second is not announced.
MOMENT = 1 + SLACK


def order(run):
    """no event twice or out of order"""
    looked_at, breaches = 0, []
    for session in run.sessions:
        last = 0
        for item in session.items:
            if item[0] == "events":
                if item[1] <= last:
                    breaches.append(f"{session.client} got event {item[1]} after {last}")
                last = max(last, item[2])
                if last > run.last_sent:
                    breaches.append(f"{session.client} got event {last}, which the bot never sent")
                looked_at += item[2] - item[1] + 1
    return f"{looked_at} events got", breaches


def is_excused(run, number):
    """Whether nobody could deliver this event: no link existed, or every link it reached ended with its holder's outage."""
    time, links = run.sent[number]
    return all(ended_with_holder(run, run.links[link], time) for link in links)


def ended_with_holder(run, link, time):
    return link.down is not None and any(
        one.begin - IN_FLIGHT <= time and one.begin <= link.down <= one.end + LEARNS
        for one in run.outages(link.edge, longer_than=run.settings["claim_grace"]))


def holes(session):
    """(first missing, last missing, gaps declared there); an empty hole where a gap was declared and nothing is missing."""
    last, gaps = None, []
    for item in session.items:
        if item[0] == "gap":
            gaps.append(item[1])
            continue
        if last is not None and (item[1] > last + 1 or gaps):
            yield last + 1, item[1] - 1, gaps
        last, gaps = item[2], []


def completeness(run):
    """every event, except those that were lost with a link"""
    missing, breaches = 0, []
    for session in run.sessions:
        lost = [number for first, last, _ in holes(session) for number in range(first, last + 1)]
        if session.closed is None:
            got = [item[2] for item in session.items if item[0] == "events"]
            if not got and run.last_sent:
                breaches.append(f"{session.client} ({session.edge}) got no event at all")
                continue
            lost += range(max(got) + 1, run.last_sent + 1)
        missing += len(lost)
        unexcused = [number for number in lost if not is_excused(run, number)]
        if unexcused:
            breaches.append(
                f"{session.client} ({session.edge}) missed {len(unexcused)} events whose link lived, "
                f"from {unexcused[0]} to {unexcused[-1]}")
    return f"{missing} lost with a link", breaches


def declaration(run):
    """what is missing is declared by event_gap, and nothing else is"""
    count, breaches = 0, []
    for session in run.sessions:
        for first, last, gaps in holes(session):
            size, count = last - first + 1, count + len(gaps)
            who = f"{session.client} ({session.edge})"
            if size > 0 and not gaps:
                breaches.append(f"{who} was not told that events {first} to {last} are missing")
            around = {run.sent[number][1] for number in range(first - 1, last + 2) if number in run.sent}
            if len(around) > 1:
                continue  # The link changed in between: nobody can know how many were missed.
            if size == 0:
                breaches.append(f"{who} was told of a gap between {last} and {first}, where nothing is missing")
            elif sum(gap or 0 for gap in gaps) not in (0, size):
                breaches.append(f"{who} was told that {gaps} events were missed from {first} to {last}")
    return f"{count} gaps declared", breaches


def answers(run):
    """every action answered, once"""
    breaches = [f"{identity} was answered, and never asked" for identity in run.stray_answers]
    # The caller waits somewhat longer than the bot's edge does.
    limit = run.settings["action_timeout"] + 10
    gateway_down = [(one.begin, one.end) for one in run.disturbances if one.whom == "gateway"]
    for call in run.calls.values():
        if len(call.answers) > 1:
            breaches.append(f"{call.identity} was answered {len(call.answers)} times")
        elif call.answers:
            time, retcode = call.answers[0]
            if time - call.time > limit:
                breaches.append(f"{call.identity} was answered only after {time - call.time:.1f} s")
            if retcode == "broken" and not any(
                    begin <= time + SLACK and call.time <= end + SLACK for begin, end in gateway_down):
                breaches.append(f"{call.identity} over HTTP was not answered, and the gateway was there")
        elif call.session is None or call.session.closed is None:
            breaches.append(f"{call.identity} was not answered")
    failed = sum(1 for call in run.calls.values() for _, retcode in call.answers if retcode not in ("0", "1409"))
    return f"{len(run.calls)} actions, {failed} failed", breaches


def once(run):
    """the bot carries no action out twice, and every one that was answered ok"""
    breaches = [f"{identity} was carried out {count} times" for identity, count in run.actions.items() if count > 1]
    for call in run.calls.values():
        if call.action == "send_group_msg" and any(code == "0" for _, code in call.answers):
            if call.identity not in run.actions:
                breaches.append(f"{call.identity} was answered ok, and the bot never heard of it")
    breaches += [f"{identity} was carried out, and never asked" for identity in run.actions if identity not in run.calls]
    return f"{len(run.actions)} carried out", breaches


def names(run):
    """a name has one holder at a time"""
    calls = sorted((call for call in run.calls.values() if call.action == "set_client_name"), key=lambda call: call.time)
    by_session, grants = {}, []  # grants: (name, session, asked, granted, surely held until)
    for call in calls:
        by_session.setdefault(id(call.session), []).append(call)
    for mine in by_session.values():
        for index, call in enumerate(mine):
            if not any(code == "0" for _, code in call.answers):
                continue
            session = call.session
            # The next call for another name may free this one, whatever its answer; so may a lapse, and the end.
            ends = [other.time for other in mine[index + 1:] if other.what != call.what][:1]
            ends += [one.begin for one in run.outages(session.edge, longer_than=run.settings["claim_grace"])
                     if one.end > call.time]
            ends += [session.closed] if session.closed else []
            grants.append((call.what, session, call.time, call.answers[0][0], min(ends, default=float("inf"))))
    breaches = []
    for name, session, _, granted, until in grants:
        for other_name, other, asked, answered, _ in grants:
            if other_name == name and other is not session and granted <= asked and answered <= until:
                breaches.append(f"{other.client} was given the name {name} that {session.client} held")
    return f"{len(grants)} names given", breaches


def presence(run):
    """presence is true again within lease + 5 s"""
    limit, breaches = run.settings["lease"] + 5, []
    for index, one in enumerate(run.disturbances):
        following = [other.begin for other in run.disturbances[index + 1:index + 2]]
        until = min(following, default=run.stopped)
        seen = [entry for entry in run.lists if one.end <= entry[0] < until]
        what = f"after {one.kind} {one.whom}"
        if not any(is_true(run, entry) for entry in seen if entry[0] <= one.end + limit):
            breaches.append(f"{what} the list was not true within {limit:.0f} s: {fault(run, seen[-1:])}")
        later = [entry for entry in seen if entry[0] > one.end + limit and not is_true(run, entry)]
        if later:
            breaches.append(f"{what} the list was true, and false again: {fault(run, later[-1:])}")
    if not run.disturbances and not any(is_true(run, entry) for entry in run.lists):
        breaches.append(f"the list was never true: {fault(run, run.lists[-1:])}")
    return f"{len(run.lists)} lists", breaches


def is_true(run, entry):
    time, retcode, listed = entry
    return retcode == "0" and must(run, time) <= listed <= may(run, time)


def must(run, time):
    return {one.app_id for one in run.sessions if one.is_open(time - SLACK) and one.is_open(time)}


def may(run, time):
    return {one.app_id for one in run.sessions if one.opened <= time + SLACK and one.is_open(max(time - SLACK, one.opened))}


def fault(run, entries):
    if not entries:
        return "there was none"
    time, retcode, listed = entries[0]
    return f"retcode {retcode}, missing {sorted(must(run, time) - listed)}, ghosts {sorted(listed - may(run, time))}"


def statuses(run):
    """client_status offline exactly once for each that died"""
    count, breaches = 0, []
    for observer in run.sessions:
        seen = {}
        for app_id, status, _ in observer.statuses:
            before = seen.setdefault(app_id, [])
            if before and before[-1] == status:
                breaches.append(f"{observer.client} heard twice that {app_id} is {status}")
            before.append(status)
        for other in run.sessions:
            until = observer.closed or run.stopped
            if other is observer or other.opened > until:
                continue
            last = seen.get(other.app_id, [None])[-1]
            if other.closed is not None and observer.opened < other.closed - SLACK:
                if other.closed - other.opened < MOMENT:
                    continue
                count += 1
                if last != "offline" and other.closed + run.settings["lease"] + 10 < until:
                    breaches.append(f"{observer.client} never heard that {other.client}'s {other.app_id} is offline")
            elif other.closed is None and observer.closed is None and last == "offline":
                breaches.append(f"{observer.client} believes that {other.client}'s {other.app_id} is offline")
    return f"{count} deaths to hear of", breaches


def endings(run):
    """a client loses its connection only with its edge"""
    closed, breaches = [session for session in run.sessions if session.closed is not None], []
    for session in closed:
        if not any(one.kind == "kill" and one.whom == session.edge and one.begin - SLACK <= session.closed <= one.end + SLACK
                   for one in run.disturbances):
            breaches.append(f"{session.client} was closed by {session.edge}, which lived: {session.reason}")
    return f"{len(closed)} connections ended", breaches


def substance(run):
    """the run was one"""
    breaches = []
    if not run.last_sent or len(run.sent) != run.last_sent:
        breaches.append("the bot did not write down every event up to its end")
    if not run.sessions or not run.calls or not run.lists or run.stopped is None:
        breaches.append("the clients wrote no sessions, calls, lists or end")
    breaches += [f"{one.kind} {one.whom} has no end" for one in run.disturbances if one.end is None]
    breaches += [f"nobody knows who held link {name}" for name, link in run.links.items() if link.edge in (None, "unknown")]
    return f"{run.last_sent} events sent, {len(run.sessions)} sessions, {len(run.disturbances)} disturbances", breaches


PROMISES = [order, completeness, declaration, answers, once, names, presence, statuses, endings]


def judge(run):
    """[(promise, what was looked at, breaches)]"""
    verdicts = [(substance.__doc__, *substance(run))]
    # A run without substance cannot be judged.
    return verdicts if verdicts[0][2] else verdicts + [(promise.__doc__, *promise(run)) for promise in PROMISES]


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    verdicts = judge(Run(sys.argv[1]))
    width = max(len(promise) for promise, _, _ in verdicts)
    for promise, looked_at, breaches in verdicts:
        print(f"{'✘' if breaches else '✔'} {promise:{width}}  {looked_at}")
        for breach in breaches[:10]:
            print(f"    {breach}")
        if len(breaches) > 10:
            print(f"    … and {len(breaches) - 10} more")
    sys.exit(1 if any(breaches for _, _, breaches in verdicts) else 0)


if __name__ == "__main__":
    main()
