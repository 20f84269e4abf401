#!/usr/bin/env python3
"""Says which packages that we depend on directly have newer versions.

    scripts/dependencies.py            asks where each package is kept for its tags; changes nothing
    scripts/dependencies.py --write    writes the newest of each into the manifests; then: swift package resolve, and ./test

Exit status: 0 all are the newest (with --write: now they are), 1 some are not, 2 some could not be asked and the rest are the newest,
64 wrong arguments, 65 a manifest is not as we write them: each package exactly, everywhere at the same version.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANIFESTS = ("Package.swift", "Benchmarks/Package.swift", "Benchmarks/Micro/Package.swift")
PATIENCE = 60
DEPENDENCY = re.compile(r'\.package\(\s*url:\s*"(?P<url>[^"]+)"\s*,\s*(?P<rest>[^)]*)\)')
EXACT = re.compile(r'exact:\s*"(?P<version>\d+\.\d+\.\d+)"')
# The tag of a release: 1.2.3 or v1.2.3, with nothing behind it (no "-beta.1").
RELEASE = re.compile(r"refs/tags/v?(\d+)\.(\d+)\.(\d+)$")


class Mistake(Exception):
    """A manifest that cannot be read as what we write."""


def number(version):
    return tuple(int(part) for part in version.split("."))


def dependencies(text, name):
    """{url: version} of one manifest. Packages in folders beside it have no version."""
    found = {}
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    for match in DEPENDENCY.finditer(code):
        exact = EXACT.match(match["rest"])
        if exact is None:
            raise Mistake(f'{name}: {match["url"]} is not given as exact: "1.2.3", but {match["rest"].strip()}')
        found[match["url"]] = exact["version"]
    return found


def read(root):
    """{url: version} of all manifests, which have to agree."""
    everywhere = {}
    for name in MANIFESTS:
        with open(os.path.join(root, name)) as file:
            for url, version in dependencies(file.read(), name).items():
                if everywhere.setdefault(url, version) != version:
                    raise Mistake(f"{name}: {url} is {version} here and {everywhere[url]} in another manifest")
    return everywhere


def newest(lines):
    """The newest release that git ls-remote tells of; None: there is none."""
    releases = [tuple(map(int, match.groups())) for match in map(RELEASE.search, lines.splitlines()) if match]
    return ".".join(map(str, max(releases))) if releases else None


def ask(url):
    """(newest version, None), or (None, why it is not known)."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        answer = subprocess.run(
            ["git", "ls-remote", "--tags", "--refs", url], capture_output=True, text=True, timeout=PATIENCE,
            stdin=subprocess.DEVNULL, env=environment)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {PATIENCE} s"
    except OSError as error:
        return None, f"git could not be run: {error}"
    if answer.returncode != 0:
        return None, (answer.stderr.strip().splitlines() or [f"git ended with {answer.returncode}"])[-1]
    version = newest(answer.stdout)
    return (version, None) if version else (None, "it has no release among its tags")


def written(text, url, version):
    """The manifest with this version of it."""
    def exactly(match):
        return match[0] if match["url"] != url else EXACT.sub(f'exact: "{version}"', match[0])
    return DEPENDENCY.sub(exactly, text)


def write(root, newer):
    for name in MANIFESTS:
        path = os.path.join(root, name)
        with open(path) as file:
            before = file.read()
        text = before
        for url, version in newer.items():
            text = written(text, url, version)
        if text != before:
            with open(path, "w") as file:
                file.write(text)
            print(f"Written: {name}")


def main(arguments, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the newest versions into the manifests")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return 64 if end.code else 0
    try:
        here = read(root)
    except (Mistake, OSError) as mistake:
        print(mistake, file=sys.stderr)
        return 65
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = dict(zip(here, pool.map(ask, here)))
    newer, unknown = {}, 0
    for url, version in here.items():
        found, problem = answers[url]
        if problem:
            unknown += 1
            print(f"?  {url} {version}: could not be asked: {problem}")
        elif number(found) > number(version):
            newer[url] = found
            is_major = number(found)[0] > number(version)[0]
            print(f"↑  {url} {version}: {found} is newer{', and may break what we use' if is_major else ''}")
        else:
            print(f"=  {url} {version}" + ("" if found == version else f": the newest tag there is {found}"))
    if newer and options.write:
        write(root, newer)
        print("Now: swift package resolve, read what has changed in each, and ./test")
        newer = {}
    print(f"{len(here)} packages, {len(newer)} with newer versions, {unknown} that could not be asked")
    return 1 if newer else 2 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
