#!/usr/bin/env bash
# aiocqhttp 1.4.4 over WebSocket: what a handler returns becomes the action `.handle_quick_operation_async`, with the event as `context`. The suffix is of
# OneBot 11's own list, and the bots that are in use today do not know it: they answer 1404 or 404. And the answer goes nowhere: the call's error
# is not raised in the handler, which has returned. Its echo is an object, {"seq": N}, where most write text.
#
# Seen: action .handle_quick_operation_async, params context, operation and self_id, echo {"seq": 1}; after a failed answer the next event is handled.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiocqhttp==1.4.4 websockets==17.4

cat >"$folder/bot.py" <<'PYTHON'
import sys

from aiocqhttp import CQHttp

bot = CQHttp()


@bot.on_message("private")
async def _(event):
    return {"reply": f"got {event.message}"}


bot.run(host="127.0.0.1", port=int(sys.argv[1]))
PYTHON

"$folder/venv/bin/python" - "$folder/bot.py" <<'PYTHON'
import asyncio
import json
import socket
import sys
import time

import websockets


async def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bot = await asyncio.create_subprocess_exec(
        sys.executable, sys.argv[1], str(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                connection = await websockets.connect(
                    f"ws://127.0.0.1:{port}/ws/", additional_headers={"X-Self-ID": "10001", "X-Client-Role": "Universal"})
                break
            except OSError:
                await asyncio.sleep(0.1)
        calls = []
        for number in (1, 2):
            await connection.send(json.dumps({
                "time": int(time.time()), "self_id": 10001, "post_type": "message", "message_type": "private",
                "sub_type": "friend", "message_id": number, "user_id": 20002, "message": "hi", "raw_message": "hi",
                "font": 0, "sender": {"user_id": 20002, "nickname": "A"}}))
            calls.append(json.loads(await asyncio.wait_for(connection.recv(), 10)))
            await connection.send(json.dumps(
                {"status": "failed", "retcode": 1404, "data": None, "echo": calls[-1]["echo"]}))
        await connection.close()
    finally:
        bot.kill()
        await bot.wait()
    first = calls[0]
    print("aiocqhttp 1.4.4:", first["action"], "params", sorted(first["params"]), "echo", json.dumps(first["echo"]))
    return (
        [call["action"] for call in calls] == [".handle_quick_operation_async"] * 2
        and sorted(first["params"]) == ["context", "operation", "self_id"]
        and isinstance(first["echo"], dict) and list(first["echo"]) == ["seq"])


sys.exit(0 if asyncio.run(main()) else "The behaviour is another one now.")
PYTHON
