#!/usr/bin/env bash
# melobot 3.5.1, OneBot 11: an answer with `status: failed` is checked by the model of the action's success, in which `data` of a failure can only be null.
# A bot that says more in `data` of a failure (when to try again, how far a file came) is reported as sending what is invalid: the call raises a
# ValidationError of pydantic and not a failed echo with its retcode. With `data: null` the echo is an ordinary failed one.
#
# Seen: data null: a failed echo, 1503; data {"retry_after_ms": 1000}: ValidationError.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    melobot==3.5.1 aiohttp==3.14.5 pydantic==2.14.4 websockets==17.4

cat >"$folder/bot.py" <<'PYTHON'
import asyncio
import json
import logging
import os
import sys
import time

import websockets
from melobot import Bot
from melobot.protocols.onebot.v11 import Action, Adapter, OneBotV11Protocol, WSClient

logging.disable(logging.CRITICAL)
answers = [None, {"retry_after_ms": 1000}]


async def serve(connection):
    lifecycle = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
    await connection.send(json.dumps({"time": int(time.time()), "self_id": 10001, **lifecycle}))
    async for text in connection:
        call = json.loads(text)
        await connection.send(json.dumps(
            {"status": "failed", "retcode": 1503, "data": answers.pop(0), "echo": call["echo"]}))


async def outcome(bot):
    try:
        echo = (await (await bot.get_adapter(Adapter).call_output(Action("get_login_info", {}))))[0]
        return f"a failed echo, {echo.status}" if echo.is_failed() else "an echo"
    except Exception as error:
        return type(error).__name__


async def main():
    server = await websockets.serve(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bot = Bot()
    bot.add_protocol(OneBotV11Protocol(WSClient(f"ws://127.0.0.1:{port}/")))
    running = asyncio.create_task(bot.run_async(reserved_tasks={asyncio.current_task()}))
    await asyncio.sleep(3)
    seen = [await asyncio.wait_for(outcome(bot), 10) for _ in range(2)]
    assert not running.done()
    print(f"melobot 3.5.1: data null: {seen[0]}; data {{\"retry_after_ms\": 1000}}: {seen[1]}")
    if seen != ["a failed echo, 1503", "ValidationError"]:
        print("The behaviour is another one now.")
        sys.stdout.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)  # the framework would go on


asyncio.run(main())
PYTHON

timeout 60 "$folder/venv/bin/python" "$folder/bot.py" </dev/null
