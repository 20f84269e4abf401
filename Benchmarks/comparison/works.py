"""The works: what is done, with which figures, and by which servers."""

PEERS = ("floor", "joined", "nats", "mqtt", "stomp")
OURS = ("perpetua", "amqp1", "amqp3")
# An earlier build does the same works as this one.
BEFORE = {"perpetua": "before", "amqp1": "before1"}


class Work:
    def __init__(self, title, scenario, peers=(), ours=OURS, rounds=None, fresh=False, apart=False, **options):
        self.title, self.scenario, self.options = title, scenario, options
        # Works with a bound, or with peers to compare with, are done in every round, the others in three.
        self.servers, self.rounds = (*peers, *ours), rounds or (None if peers else 3)
        # Whether the work needs a newly started server, which has no memory left from earlier works.
        self.fresh = fresh
        # Whether the server has the first core to itself, and the generator and the broker have the others. Otherwise
        # the system would put now one, now the other beside the server, and the cost of waking another core would count
        # as the server's.
        self.apart = apart
        self.has_peers = bool(peers)

    def in_round(self, number):
        return self.rounds is None or number < self.rounds


def plural(clients):
    return "1 client" if clients == 1 else f"{clients:,} clients".replace(",", " ")


def all_works():
    works = {}
    with_peers = {
        "single1": PEERS, "single100": PEERS, "paced100": PEERS, "out100": PEERS,
        "out1000": ("floor", "joined", "nats", "mqtt"), "flood100": ("joined",)}
    loads = {
        "single": ("one at a time", dict(window=1), {1: 5000, 10: 3000, 100: 1000, 1000: 200}),
        "paced": ("200 events/s", dict(window=0, rate=200), {1: 1000, 10: 1000, 100: 1000, 1000: 1000}),
        "out": ("64 outstanding", dict(window=64), {1: 20000, 10: 20000, 100: 10000, 1000: 1000}),
        "flood": ("flooded", dict(window=0), {1: 20000, 10: 20000, 100: 10000, 1000: 1000}),
    }
    for load, (words, options, counts) in loads.items():
        for clients, messages in counts.items():
            name = f"{load}{clients}"
            works[name] = Work(
                f"{plural(clients)}, {words}", "events", with_peers.get(name, ()), clients=clients,
                messages=messages, warmup=max(100, messages // 10), **options)
    works["apart"] = Work(
        "100 clients, 200 events/s, the server on a core of its own", "events", ("floor", "nats"),
        ours=("perpetua", "amqp1"), apart=True, clients=100, window=0, rate=200, messages=1000, warmup=200)
    # mosquitto 2.0.11 delivers a few hundred of these, and then stops.
    works["large"] = Work(
        "100 clients, one at a time, 4 KiB", "events", ("floor", "joined", "nats", "stomp"), clients=100, window=1,
        messages=1000, warmup=200, payload=4096)
    for window in (1, 16):
        for clients, messages in {1: 5000, 10: 1000 * (2 if window > 1 else 1), 100: 300 if window > 1 else 200}.items():
            works[f"call{clients}x{window}"] = Work(
                f"action and answer, {plural(clients)}, {window} in flight", "actions", ("floor",), clients=clients,
                window=window, messages=messages, warmup=max(20, messages // 10))
    works["million"] = Work(
        "a million actions", "actions", ours=("perpetua",), rounds=1, clients=10, window=16, messages=100000, warmup=200)
    works["after"] = Work(
        "action and answer, 10 clients, 16 in flight, after the million", "actions", ours=("perpetua",), rounds=5,
        clients=10, window=16, messages=2000, warmup=200)
    for others, messages in {9: 1000, 99: 500}.items():
        works[f"broadcast{others}"] = Work(
            f"broadcast to {others}", "broadcast", rounds=5, clients=others + 1, window=1, messages=messages,
            warmup=messages // 10)
    awake = dict(rounds=5, clients=100, window=0, rate=2000, messages=10000, warmup=500)
    works["awake"] = Work("100 clients, 2 000 events/s", "events", **awake)
    works["sleeper"] = Work("the same, and one that never reads", "events", sleepers=1, **awake)
    works["idle"] = Work(
        "15 000 idle connections", "connect", ("nats",), fresh=True, clients=15000, hold=2, limit=300)
    works["connect"] = Work("1 000 connects", "connect", ("floor", "nats", "mqtt"), clients=1000, hold=0.2)
    return works


WORKS = all_works()
