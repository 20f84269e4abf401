"""The results of a run, as figures against their bounds, and as a page."""

import datetime
import os
import platform
import statistics

from .works import BEFORE, OURS, WORKS


def middle(results, key):
    values = [result[key] for result in results if "error" not in result]
    return statistics.median(values) if values else None


def spread(results, key):
    values = [result[key] for result in results if "error" not in result]
    return f"{min(values):.3g}–{max(values):.3g}" if values else "–"


class Figures:
    """The results of a run, by work and server."""

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
    """For each bound: the work, how it is measured, the result, the bound."""
    ask = Figures(figures)

    def latency_above():
        pairs = ask.pairs(("paced100", "amqp1"), ("paced100", "perpetua"), lambda run: run["p50_ms"])
        return statistics.median(a - b for a, b in pairs) if pairs else None

    return [
        ("100 clients, 200 events/s", "CPU, × floor", ask.ratio(("paced100", "perpetua"), ("paced100", "floor")), 1.25),
        ("the same, each on a core of its own", "CPU, × floor",
         ask.ratio(("apart", "perpetua"), ("apart", "floor")), 1.25),
        ("100 clients, 200 events/s", "CPU, × NATS", ask.ratio(("paced100", "perpetua"), ("paced100", "nats")), 0.75),
        ("100 clients, 64 outstanding", "CPU, × NATS", ask.ratio(("out100", "perpetua"), ("out100", "nats")), 0.8),
        ("1 000 clients, 64 outstanding", "CPU, × NATS", ask.ratio(("out1000", "perpetua"), ("out1000", "nats")), 0.8),
        ("100 clients, one at a time, 4 KiB", "CPU, × floor", ask.ratio(("large", "perpetua"), ("large", "floor")), 1.3),
        ("action and answer, 10 clients, 1 in flight", "CPU, × floor",
         ask.ratio(("call10x1", "perpetua"), ("call10x1", "floor")), 2.0),
        ("action and answer, 10 clients, 16 in flight", "CPU, × floor",
         ask.ratio(("call10x16", "perpetua"), ("call10x16", "floor")), 2.0),
        ("the same with 100 clients", "CPU, × 10 clients",
         ask.ratio(("call100x16", "perpetua"), ("call10x16", "perpetua")), 1.15),
        ("the same after a million calls", "CPU, × before",
         ask.ratio(("after", "perpetua"), ("call10x16", "perpetua")), 1.15),
        ("broadcast to 99", "CPU µs", ask.median("broadcast99", "perpetua"), 10),
        ("15 000 idle connections", "KiB RSS of each", ask.median("idle", "perpetua", rss_per_connection), 8),
        ("over RabbitMQ, 1 edge, 100 clients, 200 events/s", "the edge's CPU, × all-in-one's",
         ask.ratio(("paced100", "amqp1"), ("paced100", "perpetua")), 1.4),
        ("the same, each on a core of its own", "the edge's CPU, × all-in-one's",
         ask.ratio(("apart", "amqp1"), ("apart", "perpetua")), 1.4),
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
    lines += ["## All-in-one beside others", ""]
    for name, results in figures.items():
        if WORKS[name].has_peers:
            lines += beside_others(servers, WORKS[name], results)
    lines += ours_table(servers, figures)
    lines += before_table(figures)
    return "\n".join(lines)


def beside_others(servers, work, results):
    """One work: all-in-one and its peers."""
    results = {key: runs for key, runs in results.items() if key not in (*OURS[1:], *BEFORE.values())}
    if work.scenario == "connect":
        lines = [f"### {work.title}", "", "| server | seconds to connect | KiB RSS per connection |", "|---|--:|--:|"]
        return lines + [f"| {servers[key].name} | {connected(work, runs)} |" for key, runs in results.items()] + [""]
    lines = [f"### {work.title}", "", "| server | CPU µs | lowest–highest | against Perpetua | p50 ms | p99 ms | a second |",
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
    return lines + [""]


def connected(work, runs):
    """Two cells: seconds to connect, and memory of each connection."""
    good = [run for run in runs if "error" not in run]
    if not good:
        return (runs[-1]["error"] if runs else "–") + " |"
    # A server that has done other works before still has memory from them.
    memory = f"{statistics.median(map(rss_per_connection, good)):.3g}" if work.fresh else "–"
    return f"{statistics.median(run['connect_seconds'] for run in good):.3g} | {memory}"


def ours_table(servers, figures):
    """Every work in the three ways Perpetua can be run."""
    keys = [key for key in OURS if key in servers]
    if not keys:
        return []
    names = {"perpetua": "all-in-one", "amqp1": "1 edge", "amqp3": "3 edges"}
    lines = [
        "## In one process, and over RabbitMQ", "",
        "CPU µs per message, the median latency in ms, and messages a second.", "",
        "| work | " + " | ".join(f"{names[key]}: CPU | p50 | a second" for key in keys) + " |",
        "|---|" + "--:|--:|--:|" * len(keys)]
    for name, results in figures.items():
        if WORKS[name].scenario == "connect":
            continue
        cells = []
        for key in keys:
            runs = results.get(key, [])
            if middle(runs, "cpu_us_per_delivery") is None:
                cells += [runs[-1]["error"] if runs else "", "", ""]
                continue
            cells += [f"{middle(runs, 'cpu_us_per_delivery'):.3g}", f"{middle(runs, 'p50_ms'):.3g}",
                      f"{middle(runs, 'deliveries_per_second'):,.0f}"]
        lines.append(f"| {WORKS[name].title} | " + " | ".join(cells) + " |")
    lines += ["", "| | " + " | ".join(f"{names[key]}: seconds to connect | KiB RSS of each" for key in keys) + " |",
              "|---|" + "--:|--:|" * len(keys)]
    for name, results in figures.items():
        if WORKS[name].scenario == "connect":
            cells = [connected(WORKS[name], results.get(key, [])) for key in keys]
            lines.append(f"| {WORKS[name].title} | " + " | ".join(cells) + " |")
    return lines + [""]


def before_table(figures):
    """Every work beside an earlier build: medians with the lowest and the highest, and the median of the rounds' ratios."""
    ask = Figures(figures)
    lines = []
    for own, earlier in BEFORE.items():
        for name, results in figures.items():
            if WORKS[name].scenario == "connect" or ask.ratio((name, own), (name, earlier)) is None:
                continue
            cells = [WORKS[name].title + (", over RabbitMQ" if own != "perpetua" else "")]
            for value in ("cpu_us_per_delivery", "p50_ms"):
                cells += [f"{middle(results[key], value):.3g} ({spread(results[key], value)})" for key in (own, earlier)]
                cells.append(f"{ask.ratio((name, own), (name, earlier), lambda run: run[value]):.2f}")
            lines.append("| " + " | ".join(cells) + " |")
    if not lines:
        return []
    return ["## Beside an earlier build", "", "| work | CPU µs | before | ratio | p50 ms | before | ratio |",
            "|---|--:|--:|--:|--:|--:|--:|", *lines, ""]


def cpu_name():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"
