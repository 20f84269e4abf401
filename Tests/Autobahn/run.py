#!/usr/bin/env python3
"""Runs the Autobahn WebSocket cases (https://github.com/crossbario/autobahn-testsuite) against a port of Perpetua.

    Tests/Autobahn/run.py ws://127.0.0.1:6700/          a client port: every text is answered with a 1400 response
    Tests/Autobahn/run.py --echo ws://127.0.0.1:9001/   an echo server: for the transport alone
    Tests/Autobahn/run.py --serve                       for clients that echo; the first line printed is the URL

Prints a line per case and a summary. Exits with 1 if a case failed, with 2 if the run could not be made.

The cases were written for an echo. A client port answers every text that is no action with a response instead, so an answer
counts as the echo the case waits for: one answer per message, in order, and nothing else. That way all cases run but those in
EXCLUDED. The path is /api unless one is given: there no lifecycle, heartbeat or other event comes in between.

The runner is kosoku (PyPI), installed on first use into the virtual environment PERPETUA_VENV, by default .venv in the
repository.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

RUNNER = "kosoku==0.1.0"

# Case ids or globs, and why they do not apply. The first table is for both modes.
EXCLUDED = {
    "1.2.2": "binary that is no UTF-8, which we refuse (1007) by contract; so in 1.2.3 to 1.2.8",
    "1.2.3": "binary that is no UTF-8",
    "1.2.4": "binary that is no UTF-8",
    "1.2.5": "binary that is no UTF-8",
    "1.2.6": "binary that is no UTF-8",
    "1.2.7": "binary that is no UTF-8",
    "1.2.8": "binary that is no UTF-8",
    "12.*": "compression: no extension is ever negotiated, by contract",
    "13.*": "compression: no extension is ever negotiated, by contract",
}
EXCLUDED_WITHOUT_ECHO = {
    "9.*": "limits and round trip times: these compare the echo's length; our own tests cover 16 MiB both ways",
}
EXCLUDED_FROM_ECHO = {
    "1.2.1": "binary is echoed as text",
    "9.2.*": "binary is echoed as text",
    "9.4.*": "binary is echoed as text",
    "9.6.*": "binary is echoed as text",
    "9.8.*": "binary is echoed as text",
}


def enter_virtual_environment():
    """Installs the runner if need be, and goes on inside the environment that holds it."""
    root = Path(__file__).resolve().parents[2]
    venv = Path(os.environ.get("PERPETUA_VENV") or root / ".venv").absolute()
    python = venv / "bin" / "python"
    if Path(sys.prefix) != venv:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        os.execv(str(python), [str(python), *sys.argv])
    try:
        import kosoku  # noqa: F401
    except ImportError:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", RUNNER]
        subprocess.run(pip, check=True)


def is_answer(message):
    """Whether this is the response to a frame that is not an action."""
    try:
        response = json.loads(message)
    except ValueError:
        return False
    return isinstance(response, dict) and response.get("status") == "failed" and response.get("retcode") == 1400


def take_answers_for_echoes():
    """Lets our answer stand for the echo that the case expects next."""
    from kosoku._caseindex import initialize_shims

    initialize_shims()
    from case import Case

    def on_message(self, message, binary):
        place = len(self.received)
        wanted = [
            events[place]
            for events in self.expected.values()
            if len(events) > place and self.compare(self.received, events[:place]) and events[place][0] == "message"
        ]
        if wanted and is_answer(message) and not binary:
            self.received.append(wanted[0])
        else:
            self.received.append(("no answer", message, binary))
        self.finishWhenDone()

    Case.onMessage = on_message


def at_api(url):
    """The URL with the path where no events are sent, unless it names one."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path="/api")) if parts.path in ("", "/") else url


async def run(url, excluded, only):
    from kosoku import FailureError, run_fuzzingclient

    try:
        return await run_fuzzingclient(url, only or None, list(excluded), concurrency=8)
    except FailureError as failure:
        return failure.results


async def serve(excluded):
    from kosoku import FailureError, run_fuzzingserver

    async with run_fuzzingserver(None, list(excluded), host="127.0.0.1", port=0) as server:
        print(f"ws://127.0.0.1:{server.port}", flush=True)
        try:
            return await server.get_result()
        except FailureError as failure:
            return failure.results


def report(results, excluded):
    """Prints the verdicts. Both the exchange and the closing handshake must be OK, NON-STRICT or INFORMATIONAL."""
    for result in results:
        verdict = f"{result.behavior.value} / {result.behavior_close.value}"
        print(f"{'pass' if result.passed else 'FAIL'}  {result.case_id:8} {verdict}")
        if not result.passed:
            print(f"      {' '.join(result.description.split())}")
            print(f"      expected: {' '.join(result.expectation.split())}")
            print(f"      {result.result} {result.result_close}")
            print(f"      received: {str(result.received)[:300]}, close code {result.remote_close_code}")
    for case, reason in excluded.items():
        print(f"skip  {case:8} {reason}")
    failed = [result.case_id for result in results if not result.passed]
    counts = f"{len(results)} cases, {len(results) - len(failed)} passed, {len(failed)} failed"
    print(f"Autobahn: {counts}{': ' + ', '.join(failed) if failed else '.'}")
    return not failed


def main():
    parser = argparse.ArgumentParser(description="Runs the Autobahn WebSocket cases against a port of Perpetua.")
    parser.add_argument("url", nargs="?", help="ws://host:port/")
    parser.add_argument("--echo", action="store_true", help="the server is an echo")
    parser.add_argument("--serve", action="store_true", help="be the server, for a client that echoes")
    parser.add_argument("--only", action="append", metavar="CASE", help="a case or glob to run; may be repeated")
    arguments = parser.parse_args()
    if (arguments.url is None) != arguments.serve:
        parser.error("give either a URL or --serve")
    enter_virtual_environment()

    if arguments.serve:
        excluded = EXCLUDED | EXCLUDED_FROM_ECHO
        results = asyncio.run(serve(excluded))
    elif arguments.echo:
        excluded = EXCLUDED | EXCLUDED_FROM_ECHO
        results = asyncio.run(run(arguments.url, excluded, arguments.only))
    else:
        excluded = EXCLUDED | EXCLUDED_WITHOUT_ECHO
        take_answers_for_echoes()
        results = asyncio.run(run(at_api(arguments.url), excluded, arguments.only))
    if not any(result.http_response for result in results):
        print(f"Autobahn: no case ran. {results[0].result if results else ''}", file=sys.stderr)
        status = 2
    else:
        status = 0 if report(results, excluded) else 1
    # Not sys.exit: the runner's native threads sometimes abort the interpreter while it shuts down.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
