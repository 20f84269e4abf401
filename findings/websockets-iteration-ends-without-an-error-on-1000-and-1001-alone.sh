#!/usr/bin/env bash
# websockets 17.4: `async for message in connection` ends like a loop that is done when the server closes with 1000 or 1001, and raises
# ConnectionClosedError for every other code, 1012 (service restart) among them. "Going away" (1001) is what a server says that is stopped:
# a client that connects again only when an exception tells it to stays away for good, and is back after 1012.
#
# Seen: 1000 ended, 1001 ended, 1008 raised, 1012 raised, 1013 raised.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

import websockets

CODES = [1000, 1001, 1008, 1012, 1013]


async def how_it_ends(code):
    async def serve(connection):
        await connection.close(code, "a reason")

    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with websockets.connect(f"ws://127.0.0.1:{port}/") as connection:
            try:
                async for _ in connection:
                    pass
            except websockets.ConnectionClosedError:
                return "raised"
            return "ended"


async def main():
    seen = {code: await how_it_ends(code) for code in CODES}
    print("websockets", websockets.__version__, ", ".join(f"{code} {end}" for code, end in seen.items()))
    return seen == {1000: "ended", 1001: "ended", 1008: "raised", 1012: "raised", 1013: "raised"}


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
