#!/usr/bin/env python3
"""Measures Perpetua and its peers side by side on this machine, and writes docs/performance.md.

    Benchmarks/compare.py                     all works, five rounds, and the page
    Benchmarks/compare.py --smoke             every work once, short, Perpetua alone: it shows that this still runs
    Benchmarks/compare.py --only idle,paced   some works
    Benchmarks/compare.py --json FILE         the figures for machines as well

In each round every server does each work in turn, so that a machine whose speed drifts treats them alike. Peers that are not installed
(nats-server, mosquitto, rabbitmq-server) are left out, and the page says so. All traffic stays on loopback.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What runs only to show that it runs need not be fast.
PROGRAMS = ROOT / "Benchmarks/.build" / ("debug" if "--smoke" in sys.argv else "release")
BENCH = PROGRAMS / "perpetua-bench"
FLOOR = PROGRAMS / "floor-server"


def free_port():
    """Below the ports the system gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class NotListening(Exception):
    """A server that did not start."""


def until_listening(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotListening(f"nothing listens on 127.0.0.1:{port} after {seconds} s.")


class Server:
    """Something under test: its processes, its ports, what it speaks."""

    def __init__(self, name, dialect, folder):
        self.name, self.dialect, self.folder = name, dialect, folder
        self.ports, self.pids, self.processes, self.arguments = [], [], [], []

    def spawn(self, *command, counts=True, env=None):
        log = open(self.folder / f"{self.name.replace(' ', '-')}.log", "a")
        process = subprocess.Popen(
            [str(word) for word in command], stdout=log, stderr=log, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **(env or {})})
        self.processes.append(process)
        if counts:
            self.pids.append(process.pid)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def measure(self, scenario, **options):
        # Whoever takes so long has lost something.
        options = {"limit": 40, **options}
        command = [BENCH, scenario, "--dialect", self.dialect, "--json", *self.arguments]
        for port in self.ports:
            command += ["--port", port]
        for pid in self.pids:
            command += ["--pid", pid]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), value]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if not done.stdout.strip():
            return {"error": done.stderr.strip().removeprefix("Error: ")[:200] or f"exit code {done.returncode}"}
        result = json.loads(done.stdout)
        if done.returncode:
            result["error"] = "lost {lost}, repeated {repeated}, out of order {disordered}, foreign {foreign}".format(**result)
        return result


def floor(folder, joined):
    server = Server("floor, joined writes" if joined else "floor", "floor", folder)
    port = free_port()
    server.ports = [port]
    server.spawn(FLOOR, port, *(["joined"] if joined else []))
    until_listening(port)
    return server


def perpetua(folder, binaries):
    server = Server("Perpetua", "onebot", folder)
    shared, api = free_port(), free_port()
    server.ports = [shared]
    server.spawn(
        binaries / "perpetua",
        env={
            "PERPETUA_EDGE_SHARED_PORT": str(shared), "PERPETUA_API_PORT": str(api),
            "PERPETUA_REGISTRY_DATABASE": str(folder / "perpetua.sqlite"), "PERPETUA_LOG_LEVEL": "warning"})
    until_listening(shared)
    return server


def broker(folder, plugins=(), lines=()):
    home = folder / ("stomp" if plugins else "broker")
    script = ROOT / "scripts/rabbitmq.sh"
    url = subprocess.run([script, "start", home], check=True, capture_output=True, text=True).stdout.strip()
    if plugins:
        with open(home / "rabbitmq.conf", "a") as file:
            file.writelines(line + "\n" for line in lines)
        (home / "enabled_plugins").write_text("[" + ",".join(plugins) + "].")
        subprocess.run([script, "restart", home], check=True, capture_output=True)
    return home, url


def perpetua_over_rabbitmq(folder, binaries, edges):
    server = Server(f"Perpetua over RabbitMQ, {edges} edge" + ("s" if edges > 1 else ""), "onebot", folder)
    if not (folder / "broker").exists():
        server.home, server.url = broker(folder)
        STOPPERS.append(lambda: subprocess.run([ROOT / "scripts/rabbitmq.sh", "stop", server.home], capture_output=True))
    else:
        server.url = subprocess.run(
            [ROOT / "scripts/rabbitmq.sh", "url", folder / "broker"], capture_output=True, text=True).stdout.strip()
    common = {
        "PERPETUA_BUS": "amqp", "PERPETUA_AMQP_URL": server.url, "PERPETUA_AMQP_PREFIX": f"bench{edges}",
        "PERPETUA_LOG_LEVEL": "warning", "PERPETUA_REGISTRY_DATABASE": str(folder / f"registry{edges}.sqlite")}
    server.spawn(binaries / "registry", counts=False, env={**common, "PERPETUA_HEALTH_PORT": str(free_port())})
    for number in range(edges):
        port = free_port()
        server.ports.append(port)
        server.spawn(
            binaries / "ws-edge",
            env={
                **common, "PERPETUA_EDGE_SHARED_PORT": str(port), "PERPETUA_EDGE_ID": f"e{number + 1}",
                "PERPETUA_HEALTH_PORT": str(free_port())})
    for port in server.ports:
        until_listening(port)
    time.sleep(2)
    return server


def nats(folder):
    if not shutil.which("nats-server"):
        return None
    server = Server("NATS", "nats", folder)
    client, web = free_port(), free_port()
    (folder / "nats.conf").write_text(
        f'listen: "127.0.0.1:{client}"\nwebsocket {{ listen: "127.0.0.1:{web}", no_tls: true }}\n'
        "max_pending: 1GB\nwrite_deadline: \"60s\"\n")
    server.ports = [web]
    server.spawn("nats-server", "-c", folder / "nats.conf")
    until_listening(web)
    return server


def mosquitto(folder):
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not os.path.exists(program):
        return None
    server = Server("mosquitto", "mqtt", folder)
    port = free_port()
    (folder / "mosquitto.conf").write_text(
        # With WebSocket listeners alone it says that it could start none.
        f"listener {free_port()} 127.0.0.1\nlistener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
        "max_queued_messages 0\n")
    server.ports = [port]
    server.spawn(program, "-c", folder / "mosquitto.conf")
    until_listening(port)
    return server


def web_stomp(folder):
    if not os.path.exists("/usr/lib/rabbitmq/bin/rabbitmq-server"):
        return None
    port = free_port()
    home, _ = broker(
        folder, ["rabbitmq_web_stomp"], [f"web_stomp.tcp.ip = 127.0.0.1", f"web_stomp.tcp.port = {port}",
                                         "stomp.listeners.tcp = none"])
    STOPPERS.append(lambda: subprocess.run([ROOT / "scripts/rabbitmq.sh", "stop", home], capture_output=True))
    server = Server("RabbitMQ Web-STOMP", "stomp", folder)
    server.ports = [port]
    server.arguments = ["--bot-path", "/ws", "--client-path", "/ws"]
    server.pids = [int((home / "node.pid").read_text())]
    until_listening(port)
    return server


STOPPERS = []

# name: (title, scenario, options, who takes part)
EVERYBODY = ("floor", "joined", "perpetua", "nats", "mqtt", "stomp")
OURS = ("perpetua", "amqp1", "amqp3")
WORKS = {
    "one": ("1 client, one at a time", "events", dict(clients=1, window=1, messages=5000, warmup=500), EVERYBODY),
    "single": ("100 clients, one at a time", "events", dict(clients=100, window=1, messages=1000, warmup=200), EVERYBODY),
    "paced": ("100 clients, 200 events/s", "events", dict(clients=100, window=0, rate=200, messages=1000, warmup=200),
              EVERYBODY + ("amqp1", "amqp3")),
    "out100": ("100 clients, 64 outstanding", "events", dict(clients=100, window=64, messages=10000, warmup=1000),
               EVERYBODY + ("amqp1", "amqp3")),
    "out1000": ("1 000 clients, 64 outstanding", "events", dict(clients=1000, window=64, messages=1000, warmup=200),
                ("floor", "joined", "perpetua", "nats", "mqtt")),
    "flood": ("100 clients, flooded", "events", dict(clients=100, window=0, messages=10000, warmup=500),
              ("joined", "perpetua")),
    # mosquitto 2.0.11 delivers a few hundred of these and then no more.
    "large": ("100 clients, one at a time, 4 KiB", "events",
              dict(clients=100, window=1, messages=1000, warmup=200, payload=4096),
              ("floor", "joined", "perpetua", "nats", "stomp")),
    "call1": ("action and answer, 1 client, 1 in flight", "actions",
              dict(clients=1, window=1, messages=5000, warmup=500), ("floor", "perpetua")),
    "call10": ("action and answer, 10 clients, 1 in flight", "actions",
               dict(clients=10, window=1, messages=1000, warmup=100), ("floor", "perpetua", "amqp1")),
    "call10x16": ("action and answer, 10 clients, 16 in flight", "actions",
                  dict(clients=10, window=16, messages=2000, warmup=200), ("floor", "perpetua", "amqp1")),
    "call100": ("action and answer, 100 clients, 1 in flight", "actions",
                dict(clients=100, window=1, messages=200, warmup=20), ("floor", "perpetua")),
    "call100x16": ("action and answer, 100 clients, 16 in flight", "actions",
                   dict(clients=100, window=16, messages=300, warmup=32), ("floor", "perpetua")),
    "million": ("a million actions", "actions", dict(clients=10, window=16, messages=100000, warmup=200),
                ("perpetua",)),
    "after": ("action and answer, 10 clients, 16 in flight, after the million", "actions",
              dict(clients=10, window=16, messages=2000, warmup=200), ("perpetua",)),
    "broadcast9": ("broadcast to 9", "broadcast", dict(clients=10, window=1, messages=1000, warmup=100), OURS),
    "broadcast99": ("broadcast to 99", "broadcast", dict(clients=100, window=1, messages=500, warmup=50), OURS),
    "awake": ("100 clients, 2 000 events/s", "events",
              dict(clients=100, window=0, rate=2000, messages=10000, warmup=500), ("perpetua",)),
    "sleeper": ("the same, and one that never reads", "events",
                dict(clients=100, sleepers=1, window=0, rate=2000, messages=10000, warmup=500), ("perpetua",)),
    "idle": ("15 000 idle connections", "connect", dict(clients=15000, hold=2, limit=300), ("perpetua", "nats")),
    "connect": ("1 000 connects", "connect", dict(clients=1000, hold=0.2), ("floor", "perpetua", "nats", "mqtt")),
}
# Done by a server that has done nothing before: what it kept from earlier works would not be seen.
FRESH = ("idle",)
# Once is enough.
ONCE = ("million",)


def middle(results, key):
    values = [result[key] for result in results if "error" not in result]
    return statistics.median(values) if values else None


def spread(results, key):
    values = [result[key] for result in results if "error" not in result]
    return f"{min(values):.3g}–{max(values):.3g}" if values else "–"


def run_works(servers, makers, folder, names, rounds, smoke):
    """In each round every work, and for each work every server in turn."""
    figures = {name: {key: [] for key in WORKS[name][3] if key in servers} for name in names}
    for number in range(rounds):
        for name in names:
            title, scenario, options, _ = WORKS[name]
            options = dict(options)
            if number > 0 and name in ONCE:
                continue
            if smoke:
                options["messages"] = min(options.get("messages", 0), 200) or 200
                options["warmup"] = min(options.get("warmup", 0), 50)
                options["clients"] = min(options["clients"], 200)
                options["hold"] = 0.1
            for key, results in figures[name].items():
                server = servers[key]
                if name in FRESH and not smoke:
                    place = folder / f"{name}-{key}-{number}"
                    place.mkdir()
                    server = makers[key](place)
                result = server.measure(scenario, **options)
                if server is not servers[key]:
                    server.stop()
                results.append(result)
                said = result.get("error") or f"{result['cpu_us_per_delivery']:.3g} µs, p50 {result['p50_ms']:.3g} ms"
                print(f"{title}, round {number + 1} of {rounds}, {server.name}: {said}", flush=True)
    return figures


class Figures:
    """What came of a run, asked by work and server."""

    def __init__(self, figures):
        self.figures = figures

    def runs(self, work, key):
        return self.figures.get(work, {}).get(key, [])

    def pairs(self, first, second, value):
        """The two works' figures of each round, where both were clean."""
        return [(value(a), value(b)) for a, b in zip(self.runs(*first), self.runs(*second))
                if "error" not in a and "error" not in b and value(b) > 0]

    def ratio(self, first, second, value=lambda run: run["cpu_us_per_delivery"]):
        pairs = self.pairs(first, second, value)
        return statistics.median(a / b for a, b in pairs) if pairs else None

    def median(self, work, key, value=lambda run: run["cpu_us_per_delivery"]):
        values = [value(run) for run in self.runs(work, key) if "error" not in run]
        return statistics.median(values) if values else None


def rss_per_connection(run):
    return (run["rss_ready_kib"] - run["rss_idle_kib"]) / run["clients"]


def targets(figures):
    """Each thing to reach: what, how it is measured, what came out, the bound."""
    ask = Figures(figures)

    def latency_above():
        pairs = ask.pairs(("paced", "amqp1"), ("paced", "perpetua"), lambda run: run["p50_ms"])
        return statistics.median(a - b for a, b in pairs) if pairs else None

    return [
        ("100 clients, 200 events/s", "CPU, × floor", ask.ratio(("paced", "perpetua"), ("paced", "floor")), 1.25),
        ("100 clients, 200 events/s", "CPU, × NATS", ask.ratio(("paced", "perpetua"), ("paced", "nats")), 0.75),
        ("100 clients, 64 outstanding", "CPU, × NATS", ask.ratio(("out100", "perpetua"), ("out100", "nats")), 0.8),
        ("1 000 clients, 64 outstanding", "CPU, × NATS", ask.ratio(("out1000", "perpetua"), ("out1000", "nats")), 0.8),
        ("100 clients, one at a time, 4 KiB", "CPU, × floor", ask.ratio(("large", "perpetua"), ("large", "floor")), 1.3),
        ("action and answer, 10 clients, 1 in flight", "CPU, × floor",
         ask.ratio(("call10", "perpetua"), ("call10", "floor")), 2.0),
        ("action and answer, 10 clients, 16 in flight", "CPU, × floor",
         ask.ratio(("call10x16", "perpetua"), ("call10x16", "floor")), 2.0),
        ("the same with 100 clients", "CPU, × 10 clients",
         ask.ratio(("call100x16", "perpetua"), ("call10x16", "perpetua")), 1.15),
        ("the same after a million calls", "CPU, × before",
         ask.ratio(("after", "perpetua"), ("call10x16", "perpetua")), 1.15),
        ("broadcast to 99", "CPU µs", ask.median("broadcast99", "perpetua"), 10),
        ("15 000 idle connections", "KiB RSS of each", ask.median("idle", "perpetua", rss_per_connection), 8),
        ("over RabbitMQ, 1 edge, 100 clients, 200 events/s", "the edge's CPU, × all-in-one's",
         ask.ratio(("paced", "amqp1"), ("paced", "perpetua")), 1.4),
        ("over RabbitMQ, 1 edge, 100 clients, 200 events/s", "p50 above all-in-one, ms", latency_above(), 1.0),
        ("one client that never reads, 100 others at 2 000 events/s", "p99 of the others, × without it",
         ask.ratio(("sleeper", "perpetua"), ("awake", "perpetua"), lambda run: run["p99_ms"]), 1.2),
        ("one client that never reads", "MiB RSS more at the most than with it connected",
         ask.median("sleeper", "perpetua", lambda run: (run["rss_peak_kib"] - run["rss_ready_kib"]) / 1024), 32),
    ]


def targets_table(figures):
    rows = [row for row in targets(figures) if row[2] is not None]
    if not rows:
        return []
    lines = ["## What was to be reached", "", "| work | figure | reached | at most | |", "|---|---|--:|--:|---|"]
    for work, figure, value, bound in rows:
        lines.append(f"| {work} | {figure} | {value:.3g} | {bound:g} | {'yes' if value <= bound else '**no**'} |")
    return lines + [""]


def page(servers, figures, rounds, command):
    lines = [
        "# Performance", "",
        "Made by `Benchmarks/compare.py`; change that and run it again, not this page.", "",
        f"* {datetime.date.today()}, {platform.system()} {platform.release()}, {os.cpu_count()} cores ({cpu_name()}), everything on loopback,"
        " the load generator on the same cores.",
        f"* `{command}`: {rounds} rounds; in each, every server does the same work in turn. Medians, and the lowest to the highest.",
        "* CPU is the user and system time of the server's processes, per delivered message (per answered action); messages have 400 bytes"
        " unless said otherwise. Over RabbitMQ it is the edges' alone: the broker's and the registry's come on top.",
        "* Every run checks that each client got every message once and in order; a run that did not has no figure.", "",
    ]
    lines += targets_table(figures)
    for name, results in figures.items():
        title, scenario, options, _ = WORKS[name]
        if scenario == "connect":
            lines += [f"## {title}", "", "| server | seconds to connect | KiB RSS per connection |", "|---|--:|--:|"]
            for key, runs in results.items():
                good = [run for run in runs if "error" not in run]
                if not good:
                    lines.append(f"| {servers[key].name} | {runs[-1]['error'] if runs else '–'} | |")
                    continue
                # A server that served others before has their memory left.
                memory = f"{statistics.median(map(rss_per_connection, good)):.3g}" if name in FRESH else "–"
                lines.append(
                    f"| {servers[key].name} | {statistics.median(run['connect_seconds'] for run in good):.3g} | {memory} |")
            lines.append("")
            continue
        lines += [f"## {title}", "", "| server | CPU µs | lowest–highest | against Perpetua | p50 ms | p99 ms | a second |",
                  "|---|--:|--:|--:|--:|--:|--:|"]
        ours = results.get("perpetua", [])
        for key, runs in results.items():
            value = middle(runs, "cpu_us_per_delivery")
            if value is None:
                lines.append(f"| {servers[key].name} | {runs[-1]['error'] if runs else '–'} | | | | | |")
                continue
            ratios = [
                run["cpu_us_per_delivery"] / own["cpu_us_per_delivery"] for run, own in zip(runs, ours)
                if "error" not in run and "error" not in own and own["cpu_us_per_delivery"] > 0]
            ratio = f"{statistics.median(ratios):.2f}" if ratios and key != "perpetua" else ""
            lines.append(
                f"| {servers[key].name} | {value:.3g} | {spread(runs, 'cpu_us_per_delivery')} | {ratio} | "
                f"{middle(runs, 'p50_ms'):.3g} | {middle(runs, 'p99_ms'):.3g} | {middle(runs, 'deliveries_per_second'):,.0f} |")
        lines.append("")
    return "\n".join(lines)


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of works, with commas: " + ", ".join(WORKS))
    parser.add_argument("--servers", default="", help="who takes part, with commas: " + ", ".join((*EVERYBODY, *OURS[1:])))
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--binaries", type=pathlib.Path, default=None, help="the folder of perpetua, ws-edge and registry")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path, default=None)
    options = parser.parse_args()
    binaries = (options.binaries or ROOT / (".build/debug" if options.smoke else ".build/release")).resolve()
    names = [name for name in options.only.split(",") if name] or list(WORKS)
    unknown = [name for name in names if name not in WORKS]
    if unknown:
        raise SystemExit(f"No such work: {', '.join(unknown)}. There are: {', '.join(WORKS)}.")
    rounds = 1 if options.smoke else options.rounds
    wanted = {key for name in names for key in WORKS[name][3]}
    if options.servers:
        wanted &= set(options.servers.split(","))
    if options.smoke:
        wanted &= {"perpetua", "floor"}
    makers = {
        "floor": lambda folder: floor(folder, False), "joined": lambda folder: floor(folder, True),
        "perpetua": lambda folder: perpetua(folder, binaries), "nats": nats, "mqtt": mosquitto, "stomp": web_stomp,
        "amqp1": lambda folder: perpetua_over_rabbitmq(folder, binaries, 1),
        "amqp3": lambda folder: perpetua_over_rabbitmq(folder, binaries, 3),
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        servers = {}
        try:
            for key, make in makers.items():
                if key not in wanted:
                    continue
                try:
                    if server := make(folder):
                        servers[key] = server
                except NotListening as problem:
                    if key in ("floor", "joined", *OURS):
                        raise SystemExit(str(problem))
                    print(f"{key} is left out: {problem}", flush=True)
            figures = run_works(servers, makers, folder, names, rounds, options.smoke)
        finally:
            for server in servers.values():
                server.stop()
            for stop in STOPPERS:
                stop()
    text = page(servers, figures, rounds, "Benchmarks/compare.py " + " ".join(sys.argv[1:]))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    if options.page:
        options.page.write_text(text)
    else:
        print(text)
    failed = [f"{name}: {runs[-1]['error']}" for name in figures for key, runs in figures[name].items()
              if key in ("perpetua", "amqp1", "amqp3") for run in runs if "error" in run]
    if failed:
        raise SystemExit("Perpetua failed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
