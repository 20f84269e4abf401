"""What the logs of a run say, in memory. Times are seconds; nothing is judged here."""
import glob
import os
from dataclasses import dataclass, field


@dataclass
class Disturbance:
    kind: str
    whom: str
    begin: float
    end: float = None


@dataclass
class Session:
    client: str
    edge: str
    app_id: str
    opened: float
    # ("events", first, last, time) and ("gap", missed or None, time), as they came.
    items: list = field(default_factory=list)
    # (app_id, "online" or "offline", time)
    statuses: list = field(default_factory=list)
    closed: float = None
    reason: str = None

    def is_open(self, time):
        return self.opened <= time and (self.closed is None or time < self.closed)


@dataclass
class Call:
    identity: str
    action: str
    what: str
    time: float
    session: Session = None  # None: over HTTP
    # (time, retcode)
    answers: list = field(default_factory=list)


@dataclass
class Link:
    up: float
    down: float = None
    edge: str = None


class Run:
    def __init__(self, folder):
        self.settings, self.disturbances = {}, []
        self.links = {}
        self.sent = {}  # number: (time, links)
        self.last_sent = None  # None: the bot did not end regularly
        self.actions = {}  # id: how often carried out
        self.sessions, self.calls, self.lists = [], {}, []
        self.stray_answers = []
        self.stopped = None
        self.read_bot(os.path.join(folder, "bot.log"))
        self.read_schedule(os.path.join(folder, "schedule.log"))
        for path in sorted(glob.glob(os.path.join(folder, "client-*.log"))) + [os.path.join(folder, "observer.log")]:
            self.read_client(path)

    @staticmethod
    def lines(path):
        with open(path, encoding="utf-8") as log:
            for line in log:
                time, *words = line.split()
                yield float(time), words

    def read_bot(self, path):
        for time, words in self.lines(path):
            match words:
                case ["up", link, _]:
                    self.links[link] = Link(time)
                case ["down", link, *_]:
                    self.links[link].down = time
                case ["sent", first, last, links]:
                    where = (time, () if links == "-" else tuple(links.split(",")))
                    for number in range(int(first), int(last) + 1):
                        self.sent[number] = where
                case ["action", identity, _]:
                    self.actions[identity] = self.actions.get(identity, 0) + 1
                case ["end", last]:
                    self.last_sent = int(last)
                case _:
                    raise SystemExit(f"{path} has a line nobody knows: {words}")

    def read_schedule(self, path):
        for time, words in self.lines(path):
            match words:
                case ["setting", name, value]:
                    self.settings[name] = float(value)
                case ["link", link, edge]:
                    self.links[link].edge = edge
                case ["begin", _, kind, whom]:
                    self.disturbances.append(Disturbance(kind, whom, time))
                case ["end", number]:
                    self.disturbances[int(number) - 1].end = time
                case _:
                    raise SystemExit(f"{path} has a line nobody knows: {words}")

    def read_client(self, path):
        name, session = os.path.basename(path).removesuffix(".log"), None
        for time, words in self.lines(path):
            match words:
                case ["open", _, edge, app_id]:
                    session = Session(name, edge, app_id, time)
                    self.sessions.append(session)
                case ["events", first, last] if session:
                    session.items.append(("events", int(first), int(last), time))
                case ["gap", missed] if session:
                    session.items.append(("gap", None if missed == "null" else int(missed), time))
                case ["status", app_id, status] if session:
                    session.statuses.append((app_id, status, time))
                case ["closed", _, reason]:
                    if session:
                        session.closed, session.reason = time, reason
                    session = None
                case ["call", identity, action, what]:
                    self.calls[identity] = Call(identity, action, what, time, session)
                case ["answer", identity, retcode]:
                    if identity in self.calls:
                        self.calls[identity].answers.append((time, retcode))
                    else:
                        self.stray_answers.append(identity)
                case ["list", retcode, *app_ids]:
                    self.lists.append((time, retcode, set(app_ids)))
                case ["stop"]:
                    self.stopped = time
                case _:
                    raise SystemExit(f"{path} has a line nobody knows, or outside a session: {words}")

    def outages(self, edge, longer_than=0):
        """When this edge was dead, or without its broker for longer than so many seconds."""
        return [
            one for one in self.disturbances
            if one.whom in (edge, "broker") and one.end is not None
            and (one.kind == "kill" and one.whom == edge or one.end - one.begin > longer_than)]
