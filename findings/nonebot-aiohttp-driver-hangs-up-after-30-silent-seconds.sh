#!/usr/bin/env bash
# nonebot2 2.5.0 with nonebot-adapter-onebot 2.4.6, forward WebSocket, driver ~aiohttp: a connection over which no frame comes for 30 seconds
# is closed and made again. The adapter's timeout for the request becomes aiohttp's limit for each frame received; with ~websockets the
# same adapter stays. OneBot has no rule for how often a heartbeat comes, and 30 seconds and more are in use.
#
# Seen in 45 s with one lifecycle event and then silence: ~aiohttp connected twice, ~websockets once.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    'nonebot2[aiohttp,websockets]==2.5.0' nonebot-adapter-onebot==2.4.6 aiohttp==3.14.5 websockets==17.4

cat >"$folder/bot.py" <<'PYTHON'
import sys

import nonebot
from nonebot.adapters.onebot.v11 import Adapter

nonebot.init(driver=sys.argv[1], onebot_ws_urls=[sys.argv[2]], log_level="CRITICAL")
nonebot.get_driver().register_adapter(Adapter)
nonebot.run()
PYTHON

"$folder/venv/bin/python" - "$folder/bot.py" <<'PYTHON'
import asyncio
import json
import sys
import time

import websockets


async def connections(driver):
    made = []

    async def serve(connection):
        made.append(time.monotonic())
        event = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
        await connection.send(json.dumps({"time": int(time.time()), "self_id": 10001, **event}))
        await connection.wait_closed()

    # No pings: they are no frames to the one and all the same to the other.
    async with websockets.serve(serve, "127.0.0.1", 0, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        bot = await asyncio.create_subprocess_exec(
            sys.executable, sys.argv[1], driver, f"ws://127.0.0.1:{port}/", stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL)
        while not made:
            await asyncio.sleep(0.1)
        await asyncio.sleep(45)
        bot.kill()
        await bot.wait()
    return len(made)


async def main():
    aiohttp, other = await asyncio.gather(connections("~aiohttp"), connections("~websockets"))
    print(f"nonebot2 2.5.0, in 45 silent seconds: ~aiohttp connected {aiohttp} times, ~websockets {other}")
    return (aiohttp, other) == (2, 1)


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
