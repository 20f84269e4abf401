"""Runs client packages from PyPI, unmodified, against a perpetua, and writes down what they do.

    python3 Tests/Compatibility/run.py [NAME…]     all packages, or these: results.json; some 15 minutes for all
    python3 Tests/Compatibility/run.py --page      docs/compatibility.md and its Chinese twin, from results.json
    python3 Tests/Compatibility/run.py --smoke     five packages, without sizes and restarts; fails where it is worse than the page says
    python3 Tests/Compatibility/run.py --pin NAME  writes requirements/NAME.txt anew: what it names first, and all that this brings along

PERPETUA_BIN           the perpetua to try (.build/debug/perpetua)
PERPETUA_COMPAT_CACHE  where the packages' Python environments are, and the last runs' logs (.build/compat)
"""
import argparse
import asyncio
import glob
import json
import os
import shutil
import subprocess
import sys
import time

import page
from packages import HERE, PACKAGES, SMOKE
from trial import OWN, Trial

ROOT = os.path.dirname(os.path.dirname(HERE))
RESULTS = os.path.join(HERE, "results.json")
BINARY = os.path.abspath(os.environ.get("PERPETUA_BIN", os.path.join(ROOT, ".build/debug/perpetua")))
CACHE = os.path.abspath(os.environ.get("PERPETUA_COMPAT_CACHE", os.path.join(ROOT, ".build/compat")))


def interpreter(version):
    """A Python of this version: in PATH, or one that pyenv has."""
    if "%d.%d" % sys.version_info[:2] == version:
        return sys.executable
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(glob.glob(os.path.join(pyenv, "versions", f"{version}.*", "bin", "python")))
    return found[-1] if found else shutil.which(f"python{version}")


def environment(package):
    """The package's Python, installed where it is missing or the pins have changed; None: there is no such Python here."""
    folder = os.path.join(CACHE, "venvs", package.name)
    python, mark = os.path.join(folder, "bin", "python"), os.path.join(folder, "installed-requirements.txt")
    with open(package.requirements) as file:
        wanted = file.read()
    if os.path.exists(mark) and open(mark).read() == wanted:
        return python
    base = interpreter(package.python) or (sys.executable if package.name in SMOKE else None)
    if base is None:
        return None
    print(f"{package.name}: installing {' '.join(package.pins)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([base, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", package.requirements], check=True)
    shutil.copy(package.requirements, mark)
    return python


def pin(package):
    """Installs what stands above the mark and writes all that came along below it."""
    pins = package.pins
    folder = os.path.join(CACHE, "pinning", package.name)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([interpreter(package.python), "-m", "venv", folder], check=True)
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", *pins], check=True)
    frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout.splitlines()
    write_requirements(package, pins, frozen)
    shutil.rmtree(folder)


def write_requirements(package, pins, frozen):
    def bare(line):
        return line.split("==")[0].split("[")[0].lower().replace("_", "-")
    named = {bare(line) for line in pins}
    rest = [line for line in frozen if bare(line) not in named]
    with open(package.requirements, "w") as file:
        file.write("\n".join([*pins, "# What these brought along.", *rest]) + "\n")


async def try_out(package, door, python, is_short):
    folder = os.path.join(CACHE, "runs", f"{package.name}.{door}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    begin = time.monotonic()
    seen = await Trial(package, door, BINARY, python, folder).run(is_short)
    print(f"{'✔' if seen['replies'] else '✘'}  {package.name}, {door} ({time.monotonic() - begin:.0f} s): "
          f"{json.dumps(seen, ensure_ascii=False)}", flush=True)
    return {"version": package.version, "python": package.python, **seen}


async def try_all(packages, is_short, jobs):
    """Results by package and door; those of whole trials are kept at once."""
    installing, trying, results = asyncio.Semaphore(2), asyncio.Semaphore(jobs), {}

    async def one(package, door, python):
        async with trying:
            seen = await try_out(package, door, python, is_short)
        results.setdefault(package.name, {})[door] = seen
        if not is_short:
            save(package.name, door, seen)

    async def every_door(package):
        async with installing:
            python = await asyncio.to_thread(environment, package)
        if python is None:
            print(f"–  {package.name}: there is no Python {package.python} here", flush=True)
        else:
            await asyncio.gather(*(one(package, door, python) for door in package.doors))
    await asyncio.gather(*map(every_door, packages))
    return results


def load():
    if not os.path.exists(RESULTS):
        return {"packages": {}}
    with open(RESULTS) as file:
        return json.load(file)


def version():
    return subprocess.run([BINARY, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]


def save(name, door, seen):
    """The other results stay, with their own dates."""
    kept = load()
    now = {"perpetua": version(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    kept["packages"].setdefault(name, {})[door] = {**now, **seen}
    in_order = {package.name: kept["packages"].get(package.name, {}) for package in PACKAGES}
    kept["packages"] = {name: {door: doors[door] for door in sorted(doors)} for name, doors in in_order.items() if doors}
    with open(RESULTS, "w") as file:
        json.dump(kept, file, ensure_ascii=False, indent=1)
        file.write("\n")


def worse(seen, known):
    """In words, where a package did better before."""
    for step in ("replies", "login", "back"):
        if known.get(step) and not seen.get(step):
            yield f"{step}: no"
    for step in ("refused", "away"):
        if known.get(step, {}).get("readable") and not seen.get(step, {}).get("readable"):
            yield f"{step}: {seen.get(step)}"
    for name in OWN:
        before, now = (result.get("own", {}).get(name, {"level": "", "alive": True}) for result in (known, seen))
        rank = ("", "warning", "error").index
        if rank(now["level"]) > rank(before["level"]) or before["alive"] > now["alive"]:
            yield f"{name}: {now}"


def smoke(results):
    known = load()["packages"]
    faults = [
        f"{name}, {door}: {fault}"
        for name, doors in results.items() for door, seen in doors.items()
        for fault in worse(seen, known.get(name, {}).get(door, {}))]
    print("\n".join(faults))
    print(f"{sum(map(len, results.values()))} tried, {len(faults)} worse than docs/compatibility.md says")
    return 1 if faults or not results else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--pin", action="store_true")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    if options.page:
        return page.write(load(), ROOT)
    wanted = options.names or (SMOKE if options.smoke else [package.name for package in PACKAGES])
    by_name = {package.name: package for package in PACKAGES}
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        parser.error(f"No such package in packages.py: {', '.join(unknown)}")
    packages = [by_name[name] for name in wanted]
    if options.pin:
        for package in packages:
            pin(package)
        return 0
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"There is no {BINARY}: build it (swift build), or set PERPETUA_BIN.")
    results = asyncio.run(try_all(packages, options.smoke, len(packages) if options.smoke else options.jobs))
    return smoke(results) if options.smoke else 0


if __name__ == "__main__":
    sys.exit(main())
