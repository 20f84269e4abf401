#!/usr/bin/env python3
"""Measures Perpetua and its peers side by side on this machine, and writes docs/performance.md.

    Benchmarks/compare.py                     all works, five rounds (three for what is only of Perpetua)
    Benchmarks/compare.py --smoke             every work once, short, Perpetua alone: it shows that this still runs
    Benchmarks/compare.py --only idle,out100  some works
    Benchmarks/compare.py --before FOLDER     beside the perpetua, ws-edge and registry of an earlier build
    Benchmarks/compare.py --json FILE         the figures for machines as well

In each round every server does each work in turn, so that a machine whose speed drifts treats them alike. Peers that are not installed
(nats-server, mosquitto, rabbitmq-server) are left out, and the page says so. All traffic stays on loopback.
"""

import argparse
import functools
import json
import os
import pathlib
import sys
import tempfile

from comparison import servers as start
from comparison.page import page
from comparison.works import BEFORE, OURS, PEERS, WORKS


def run_works(servers, makers, folder, names, rounds, smoke):
    """In each round every work, and for each work every server in turn."""
    figures = {name: {key: [] for key in WORKS[name].servers if key in servers} for name in names}
    for own, earlier in BEFORE.items():
        for results in figures.values():
            if own in results and earlier in servers:
                results[earlier] = []
    for number in range(rounds):
        for name in names:
            work = WORKS[name]
            options = dict(work.options)
            if not work.in_round(number):
                continue
            if smoke:
                options.update(messages=50, warmup=20, clients=min(options["clients"], 100))
                options["hold"] = 0.1
            for key, results in figures[name].items():
                server = servers[key]
                if work.fresh:
                    place = folder / f"{name}-{key}-{number}"
                    place.mkdir()
                    server = makers[key](place)
                measure = server.measure_apart if work.apart else server.measure
                result = measure(work.scenario, **options)
                if server is not servers[key]:
                    server.stop()
                results.append(result)
                said = result.get("error") or f"{result['cpu_us_per_delivery']:.3g} µs, p50 {result['p50_ms']:.3g} ms"
                print(f"{work.title}, round {number + 1} of {rounds}, {server.name}: {said}", flush=True)
    return figures


def earlier(folder):
    """A folder of its own for the earlier build: two builds must not share a database."""
    place = folder / "before"
    place.mkdir(exist_ok=True)
    return place


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="names of works, with commas: " + ", ".join(WORKS))
    parser.add_argument("--servers", default="", help="who takes part, with commas: " + ", ".join((*PEERS, *OURS)))
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--binaries", type=pathlib.Path, default=None, help="the folder of perpetua, ws-edge and registry")
    parser.add_argument("--before", type=pathlib.Path, help="the folder of an earlier build")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path, default=None)
    options = parser.parse_args()
    # A smoke run need not be fast.
    build = "debug" if options.smoke else "release"
    binaries = (options.binaries or start.ROOT / ".build" / build).resolve()
    programs = start.ROOT / "Benchmarks/.build" / build
    start.Server.bench = programs / "perpetua-bench"
    names = [name for name in options.only.split(",") if name] or list(WORKS)
    unknown = [name for name in names if name not in WORKS]
    if unknown:
        raise SystemExit(f"No such work: {', '.join(unknown)}. There are: {', '.join(WORKS)}.")
    if len(os.sched_getaffinity(0)) < 2:
        names = [name for name in names if not WORKS[name].apart]
    rounds = 1 if options.smoke else options.rounds
    wanted = {key for name in names for key in WORKS[name].servers}
    if options.servers:
        wanted &= set(options.servers.split(","))
    if options.smoke:
        wanted &= {"perpetua", "floor"}
    if options.before:
        wanted |= {before for own, before in BEFORE.items() if own in wanted}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        broker = functools.cache(lambda: start.rabbitmq(folder / "broker"))
        makers = {
            "floor": lambda place: start.floor(place, programs / "floor-server", joined=False),
            "joined": lambda place: start.floor(place, programs / "floor-server", joined=True),
            "perpetua": lambda place: start.perpetua(place, binaries),
            "nats": start.nats, "mqtt": start.mosquitto, "stomp": start.web_stomp,
            "amqp1": lambda place: start.perpetua_over_rabbitmq(place, binaries, 1, broker()),
            "amqp3": lambda place: start.perpetua_over_rabbitmq(place, binaries, 3, broker()),
            "before": lambda place: start.perpetua(earlier(place), options.before.resolve(), "Perpetua before"),
            "before1": lambda place: start.perpetua_over_rabbitmq(
                earlier(place), options.before.resolve(), 1, broker(), "Perpetua before"),
        }
        servers = {}
        try:
            for key, make in makers.items():
                if key not in wanted:
                    continue
                try:
                    if server := make(folder):
                        servers[key] = server
                except start.NotListening as problem:
                    if key in ("floor", "joined", *OURS):
                        raise SystemExit(str(problem))
                    print(f"{key} is left out: {problem}", flush=True)
            figures = run_works(servers, makers, folder, names, rounds, options.smoke)
        finally:
            for server in servers.values():
                server.stop()
            for stop in start.STOPPERS:
                stop()
    text = page(servers, figures, rounds, "Benchmarks/compare.py " + " ".join(sys.argv[1:]))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    if options.page:
        options.page.write_text(text)
    else:
        print(text)
    failed = [f"{name}: {runs[-1]['error']}" for name in figures for key, runs in figures[name].items()
              if key in OURS for run in runs if "error" in run]
    if failed:
        raise SystemExit("Perpetua failed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
