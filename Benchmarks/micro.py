#!/usr/bin/env python3
"""Counts what single operations of Perpetua cost, and holds that against Benchmarks/Thresholds.

    Benchmarks/micro.py                       builds, measures, compares; exit code 1 where a bound is exceeded
    Benchmarks/micro.py --only scan-event     some of them
    Benchmarks/micro.py --update              writes what was measured as the new thresholds
    Benchmarks/micro.py --smoke               a few operations of each, built in debug, without thresholds: it shows that they still run

Allocations are counted by the program itself. Instructions are counted by valgrind, where it is installed: of two runs, one with twice as
many operations, the difference, so that setting things up does not count. Times are shown and never compared.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "Benchmarks/Micro"
RELEASE = PACKAGE / ".build/release/perpetua-micro"
DEBUG = ROOT / ".build/debug/perpetua-micro"
THRESHOLDS = ROOT / "Benchmarks/Thresholds"
# By how much instructions may grow: compilers and libraries change them a little.
LEEWAY = 0.05
# Without it, the order of dictionaries would differ from run to run, and with it the cost of looking something up.
ENVIRONMENT = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}


class Broken(Exception):
    """A benchmark that does not run, or does not count."""


def build(smoke):
    # A cached build plan would miss files that are new in the product's package.
    command = [
        "swift", "build", "--package-path", PACKAGE, "--product", "perpetua-micro", "--disable-build-manifest-caching"]
    if smoke:
        # Builds in the product's own build folder, so that its modules need not be compiled again. This leaves the plan
        # of another package there.
        command += ["--scratch-path", ROOT / ".build"]
    else:
        # Builds in a folder of its own: with `-enable-testing` everything is compiled anew.
        command += ["-c", "release", "-Xswiftc", "-enable-testing"]
    if (ROOT / "Package.resolved").exists():
        # All dependencies have the product's versions.
        shutil.copy(ROOT / "Package.resolved", PACKAGE / "Package.resolved")
    print("Building perpetua-micro" + ("." if smoke else "; the first time that takes some minutes."), flush=True)
    try:
        done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, capture_output=True, text=True)
    finally:
        if smoke:
            # The product's next build would take this plan for its own. Where there is none, it makes one.
            (ROOT / ".build/debug.yaml").unlink(missing_ok=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    ours = {line for line in done.stdout.splitlines() if line.startswith(str(ROOT / "Benchmarks")) and " warning: " in line}
    if ours:
        sys.exit("\n".join(sorted(ours)) + "\nThe build has warnings.")


def run(*command):
    done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Broken(done.stderr.strip() or f"{command[0]} ended with exit code {done.returncode}")
    return done.stdout


def listed(program):
    """Name, count and title of each benchmark."""
    for line in run(program, "list").splitlines():
        name, count, title = line.split("\t")
        yield name, int(count), title


def counted(program, name, count):
    """What `count` operations cost, by the program's own counts."""
    figures = json.loads(run(program, name, count))
    if figures["count"] != count:
        raise Broken(f"it says it did {figures['count']} operations instead of {count}")
    if figures["allocations"] == 0:
        raise Broken("no allocation was counted: is AllocationCounter linked in?")
    return figures


def instructions_in_all(program, name, count):
    with tempfile.TemporaryDirectory() as folder:
        # Without debug information, which valgrind 3.19 (Debian 12) cannot read.
        bare, out = pathlib.Path(folder) / program.name, pathlib.Path(folder) / "callgrind.out"
        run("strip", "--strip-debug", "-o", bare, program)
        run("valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}", bare, name, count)
        for line in out.read_text().splitlines():
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise Broken("callgrind wrote no sum")


def instructions(program, name, count):
    """The instructions of one operation."""
    count = max(1, count // 2)
    return (instructions_in_all(program, name, 2 * count) - instructions_in_all(program, name, count)) / count


def measured(program, name, count):
    """Of one operation: allocations, bytes, instructions (`None`: not counted here), nanoseconds."""
    figures = counted(program, name, count)
    each = {"allocations": None, "bytes": None, "instructions": None}
    if figures["allocations"] is not None:
        each["allocations"] = round(figures["allocations"] / count, 3)
        each["bytes"] = round(figures["bytes"] / count)
    if shutil.which("valgrind"):
        each["instructions"] = round(instructions(program, name, count))
    each["cpu_ns"] = round(figures["cpu_ns"] / count)
    return each


def exceeded(name, each):
    """What is above its bound, in sentences."""
    file = THRESHOLDS / f"{name}.json"
    if not file.exists():
        yield f"{name} has no threshold: {file.relative_to(ROOT)} is missing. Write it with --update."
        return
    threshold = json.loads(file.read_text())
    bounds = {"allocations": threshold["allocations"], "instructions": round(threshold["instructions"] * (1 + LEEWAY))}
    for metric, bound in bounds.items():
        if each[metric] is not None and each[metric] > bound:
            beyond = f" ({figure(threshold[metric])} and {LEEWAY:.0%})" if metric == "instructions" else ""
            yield f"{name}: {figure(each[metric])} {metric} an operation, at most {figure(bound)}{beyond} are allowed."


def update(name, each):
    if each["allocations"] is None or each["instructions"] is None:
        sys.exit("Thresholds need both counts: run this on Linux with glibc, and install valgrind.")
    THRESHOLDS.mkdir(exist_ok=True)
    threshold = {metric: each[metric] for metric in ("allocations", "instructions")}
    (THRESHOLDS / f"{name}.json").write_text(json.dumps(threshold, indent=2) + "\n")


def smoke(program, names):
    for name, count, _ in listed(program):
        if not names or name in names:
            figures = counted(program, name, 3)
            print(f"{name}: {figures['allocations']} allocations in 3 operations")


def figure(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="names, by commas")
    parser.add_argument("--update", action="store_true", help="write the thresholds")
    parser.add_argument("--smoke", action="store_true", help="a few operations of each, no thresholds")
    parser.add_argument("--program", type=pathlib.Path, help="one that is built already")
    options = parser.parse_args()
    program = options.program or (DEBUG if options.smoke else RELEASE)
    if not options.program:
        build(options.smoke)
    benchmarks = list(listed(program))
    known = {name for name, _, _ in benchmarks}
    if unknown := set(options.only) - known:
        sys.exit(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}.")
    if options.smoke:
        return smoke(program, options.only)
    if not shutil.which("valgrind"):
        print("valgrind is not installed: instructions are not counted.")

    problems = [
        f"{file.relative_to(ROOT)} is the threshold of nothing: remove it."
        for file in sorted(THRESHOLDS.glob("*.json")) if file.stem not in known]
    print(f"{'of one operation':<28}{'allocations':>12}{'bytes':>10}{'instructions':>14}{'CPU ns':>10}   what")
    for name, count, title in benchmarks:
        if options.only and name not in options.only:
            continue
        try:
            each = measured(program, name, count)
        except Broken as error:
            problems.append(f"{name}: {error}")
            continue
        numbers = f"{figure(each['allocations']):>12}{figure(each['bytes']):>10}{figure(each['instructions']):>14}"
        print(f"{name:<28}{numbers}{each['cpu_ns']:>10,}   {title}", flush=True)
        if options.update:
            update(name, each)
        else:
            problems += exceeded(name, each)
    for problem in problems:
        print(f"✘ {problem}")
    if problems:
        sys.exit(1)
    print("The thresholds are written." if options.update else "✔ Nothing is above its threshold.")


if __name__ == "__main__":
    main()
