#!/usr/bin/env bash
# nonebot2 2.5.0 with nonebot-adapter-onebot 2.4.6, forward WebSocket: whatever comes before a lifecycle event with sub_type `connect` is dropped
# without a word, although each event names its account (`self_id`); a heartbeat does not do instead. In reverse mode the header X-Self-ID is enough.
#
# Seen: of "before", heartbeat, lifecycle, "after" its handler hears "after" alone.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    'nonebot2[websockets]==2.5.0' nonebot-adapter-onebot==2.4.6 websockets==17.4

cat >"$folder/bot.py" <<'PYTHON'
import sys

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, MessageEvent

nonebot.init(driver="~websockets", onebot_ws_urls=[sys.argv[1]], log_level="CRITICAL")
nonebot.get_driver().register_adapter(Adapter)


@nonebot.on_message().handle()
async def _(event: MessageEvent):
    print("heard", event.get_plaintext(), flush=True)


nonebot.run()
PYTHON

"$folder/venv/bin/python" - "$folder/bot.py" <<'PYTHON'
import asyncio
import json
import sys
import time

import websockets


def event(**members):
    return json.dumps({"time": int(time.time()), "self_id": 10001, **members})


def message(number, text):
    return event(
        post_type="message", message_type="private", sub_type="friend", message_id=number, user_id=20002, font=0,
        message=[{"type": "text", "data": {"text": text}}], raw_message=text, sender={"user_id": 20002, "nickname": "A"})


sent = asyncio.Event()


async def serve(connection):
    await connection.send(message(1, "before"))
    await connection.send(
        event(post_type="meta_event", meta_event_type="heartbeat", status={"online": True, "good": True}, interval=5000))
    await connection.send(event(post_type="meta_event", meta_event_type="lifecycle", sub_type="connect"))
    await connection.send(message(2, "after"))
    sent.set()
    await connection.wait_closed()


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bot = await asyncio.create_subprocess_exec(
            sys.executable, sys.argv[1], f"ws://127.0.0.1:{port}/", stdout=asyncio.subprocess.PIPE)
        await asyncio.wait_for(sent.wait(), 30)
        await asyncio.sleep(3)  # for its handlers
        bot.kill()
        lines = (await bot.stdout.read()).decode().splitlines()
        await bot.wait()
    heard = [line.removeprefix("heard ") for line in lines if line.startswith("heard ")]
    print("nonebot2 2.5.0, adapter 2.4.6, forward: heard", heard)
    return heard == ["after"]


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
